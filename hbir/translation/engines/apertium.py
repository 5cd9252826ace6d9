"""Translate with Apertium, rules and dictionaries that run offline on any machine."""

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from hbir.core.errors import LanguageError, ModelError, ParamsError
from hbir.core.hashing import digest, file_digest
from hbir.core.languages import is_code_of
from hbir.core.params import params_class, unknown
from hbir.translation.engines.apertium_stream import CrashError, isolated, run
from hbir.translation.engines.engine import Assignment
from hbir.translation.params import EngineParams

logger = logging.getLogger(__name__)
RULES = 1
"""Version of this code and of `apertium_stream`: to be raised when the same programs may give another text."""
PAIRS = {
    "ca": ("eng-cat", "apertium-eng-cat"),
    "eo": ("en-eo", "apertium-eo-en"),
    "es": ("eng-spa", "apertium-eng-spa"),
    "gl": ("en-gl", "apertium-en-gl"),
}
"""Language → its mode from English, and the package of Debian that brings it."""
# Writes the commands of a mode; it came with version 3.8, as did the option that keeps texts apart.
_PROGRAM = "apertium-wblank-mode"
_MODE = re.compile(r"(?:en|eng)(?:_[^-]+)?-([^-]+)")
_QUOTED = re.compile(r"'([^']+)'")


@params_class
class ApertiumParams(EngineParams):
    """Describe the engine `apertium`."""

    mode: str | None = None
    """What `apertium -l` lists, such as `eng-cat_valencia`; null for the language's usual one."""
    mark_unknown: bool = False
    """Whether an unknown word, which stays English, gets an asterisk."""


class ApertiumTranslator:
    """Run the programs of Apertium over each batch."""

    limit = None

    def __init__(self, params: ApertiumParams, assignment: Assignment) -> None:
        """Find the mode.

        Args:
            params: of the engine.
            assignment: what it is made for; a thread translates a part of a batch by programs of its own.

        Raises:
            LanguageError: when Apertium does not translate from English into it.
            ModelError: when the program or the language's package is not installed.
            ParamsError: when the mode is not installed, or not one from English into the language.
        """
        target, self._threads, self._where = assignment
        self._marks = params.mark_unknown
        self._program = Path(_program(_PROGRAM, _package(params, target, self._where), self._where))
        self._mode = _mode(params, target, self._modes, self._where)
        self._pipeline = self._output_of(str(self._program), "-z", str(self._modes / f"{self._mode}.mode"))

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Return the mode, the programs' versions, and a digest of the commands and the files they read."""
        files = [Path(name) for name in _QUOTED.findall(self._pipeline)]
        commands = _QUOTED.sub(lambda match: Path(match[1]).name, self._pipeline)
        try:
            digests = [file_digest(file) for file in files]
        except OSError as error:
            raise self._broken(str(error)) from error
        return {
            "engine": "apertium",
            "rules": RULES,
            "mode": self._mode,
            "mark_unknown": self._marks,
            "programs": [self._output_of("apertium", "-V"), self._output_of("lt-proc", "--version")],
            "data": digest("\n".join([commands, *digests])),
        }

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Count words.

        Args:
            texts: sentences.

        Returns:
            Words of each, between spaces.
        """
        return [len(text.split()) for text in texts]

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Translate one batch.

        Args:
            texts: sentences.

        Returns:
            As many translations; that of a sentence is the same in any batch. One over which a program breaks
            down (with Catalan one in a thousand) or comes to no end, twice, is empty, which the checks count.

        Raises:
            ModelError: when a program fails for another reason.
            DataError: when the programs lose count.
        """
        size = -(-len(texts) // self._threads)
        parts = [texts[start : start + size] for start in range(0, len(texts), size or 1)]
        with ThreadPoolExecutor(self._threads) as pool:
            return list(chain.from_iterable(pool.map(self._part, parts)))

    def _part(self, texts: Sequence[str]) -> list[str]:
        try:
            return self._run(texts)
        except CrashError:
            if len(texts) == 1:
                return [self._again(texts[0])]
            half = len(texts) // 2
            return [*self._part(texts[:half]), *self._part(texts[half:])]

    def _again(self, text: str) -> str:
        """Try once more, for a machine out of memory or time; what the text is to blame for comes again."""
        try:
            return self._run([text])[0]
        except CrashError as error:
            logger.warning("%s: no translation of %r (%s)", self._where, text, error.found)
            return ""

    def _run(self, texts: Sequence[str]) -> list[str]:
        return run(isolated(self._pipeline), ["-g" if self._marks else "-n", ""], texts, self._where)

    def _output_of(self, *command: str) -> str:
        try:
            done = subprocess.run(command, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            stderr: bytes = getattr(error, "stderr", None) or b""
            raise self._broken(f"{error} {stderr.decode(errors='replace')}") from error
        return done.stdout.decode(errors="replace").strip()

    def _broken(self, found: str) -> ModelError:
        return ModelError(
            where=self._where,
            expected="programs and data of Apertium that can be run and read",
            found=" ".join(found.split())[:300],
            hint="Install Apertium's packages again (`make apertium`).",
        )

    @property
    def _modes(self) -> Path:
        usual = self._program.parent.parent / "share" / "apertium"
        return Path(os.environ.get("APERTIUM_DATADIR", usual)) / "modes"


def _package(params: ApertiumParams, target: str, where: str) -> str:
    if target not in PAIRS and params.mode is None:
        raise LanguageError(
            where=where,
            expected=f"a language that Apertium translates English into: {', '.join(PAIRS)}",
            found=repr(target),
            hint="Choose another engine for it under `translate.languages`, or name a `mode` of your own.",
        )
    return PAIRS[target][1] if target in PAIRS else "<the package of your mode>"


def _program(program: str, package: str, where: str) -> str:
    if path := shutil.which(program):
        return path
    raise ModelError(
        where=where,
        expected="Apertium 3.8 or later",
        found=f"no program {program} on the PATH",
        hint=f"Run `sudo apt-get install apertium {package}`, or `make apertium`.",
    )


def _mode(params: ApertiumParams, target: str, folder: Path, where: str) -> str:
    installed = sorted(path.stem for path in folder.glob("*.mode"))
    mode = params.mode or PAIRS[target][0]
    parts = _MODE.fullmatch(mode)
    if parts is None or not is_code_of(parts[1], target):
        raise ParamsError(
            where=f"{where}: mode",
            expected=f"a mode from English into {target!r}, such as eng-spa is into 'es'",
            found=repr(mode),
            hint="Name one that `apertium -l` lists, for this language alone.",
        )
    if mode in installed:
        return mode
    if params.mode:
        raise unknown(f"{where}: mode", mode, installed)
    raise ModelError(
        where=where,
        expected=f"Apertium's mode {mode}",
        found=f"{', '.join(installed) or 'no mode'} in {folder}",
        hint=f"Run `sudo apt-get install apertium {PAIRS[target][1]}`, or `make apertium`.",
    )
