"""Run a command on bad input, in this process, and say what it did: each refusal costs milliseconds."""

import hashlib
import json
import os
import stat
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from hbir import cli
from hbir.core.errors import HbirError

ROOT = Path(__file__).parents[2]
Make = Callable[[], None]
LONGEST = 1200
"""Characters of a message at most, so that it stays one line that can be read."""
REFUSED: list[float] = []
"""Seconds that each refusal of the running test took; tests/faults/conftest.py counts them."""


class Ran:
    """What a malicious pickle calls; nothing may."""

    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("open('RAN', 'w').close()",)


@dataclass(frozen=True)
class Case:
    """Say how an input is broken, which command reads it, and what the message must hold."""

    name: str
    make: Make
    command: str
    said: str = ""
    """A piece of the message, where one word is not enough to know that the right thing was refused."""


def cases(*rows: tuple[str, Make, str] | tuple[str, Make, str, str]) -> pytest.MarkDecorator:
    """Make a test of every row."""
    return pytest.mark.parametrize("case", [Case(*row) for row in rows], ids=lambda case: case.name)


def write(path: str, content: bytes | str | object) -> Make:
    """Return what writes a file: bytes as they are, text in UTF-8, anything else as JSON."""

    def make() -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, bytes | str) else json.dumps(content)
        Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())

    return make


def params(**changes: Any) -> Make:
    """Return what changes params.yaml; a double underscore stands between two keys."""

    def make() -> None:
        yaml = YAML()
        content = yaml.load(Path("params.yaml").read_text(encoding="utf-8"))
        for name, value in changes.items():
            *parents, last = name.split("__")
            place = content
            for parent in parents:
                place = place[parent]
            place[last] = value
        with Path("params.yaml").open("w", encoding="utf-8") as stream:
            yaml.dump(content, stream)

    return make


def both(*makes: Make) -> Make:
    """Return what does several things."""

    def make() -> None:
        for one in makes:
            one()

    return make


def make_project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a project with the real params.yaml and nothing else."""
    (folder / "stages").mkdir(parents=True)
    (folder / ".dvc").mkdir()
    (folder / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    monkeypatch.chdir(folder)
    for name in ("DVC_ROOT", "DVC_STAGE", "HBIR_DATA", "MLFLOW_TRACKING_URI", "NOT_SET"):
        monkeypatch.delenv(name, raising=False)


def refusal(case: Case) -> HbirError:
    """Run a case and return its error; everything else that a refusal must keep to is asserted.

    One line with a place and a next step, no other exception than ours, no file more, less or changed but in
    `.hbir`, and nothing run that a pickle asked for.
    """
    case.make()
    before = contents(Path())
    with refused():
        result = run(case.command)
        error = result.exception
        if not isinstance(error, HbirError):
            raise AssertionError(f"{case.name}: {result.output}") from error
    text = str(error)
    assert not any(unicodedata.category(sign) == "Cc" for sign in text), text
    assert len(text) < LONGEST, text
    assert error.where
    assert error.hint.endswith((".", "`", "?"))
    assert case.said in text
    assert contents(Path()) == before
    assert not Path("RAN").exists()
    return error


@contextmanager
def refused() -> Iterator[None]:
    """Count a refusal where a block ends without an error, with its seconds."""
    began = time.monotonic()
    yield
    REFUSED.append(time.monotonic() - began)


def run(command: str) -> Result:
    """Run a command of hbir as the terminal would."""
    return CliRunner().invoke(cli.hbir, command.split(" "))


def contents(folder: Path) -> Mapping[str, str]:
    """Return every file, link and other thing below a folder with what it holds, but for `.hbir` and `.dvc`."""
    found = {}
    for directory, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".hbir", ".dvc", "__pycache__")]
        for name in (*names, *folders):
            path = Path(directory, name)
            found[str(path)] = _content(path)
    return found


def _content(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {path.readlink()}"
    return hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(mode) else str(stat.S_IFMT(mode))
