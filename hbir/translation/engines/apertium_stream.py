"""Send texts through a pipeline of Apertium's programs, each as if it were alone."""

import os
import re
import signal
import subprocess
from collections.abc import Sequence

from hbir.core.errors import DataError, ModelError

_RESERVED = re.compile(r"[\[\]{}/\\$@<>]")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\uffff^~]")
_BACK = re.compile(r"\\(.)|\[([0-9a-f]*)\]", re.DOTALL)
_LASTING = re.compile(r"apertium-tagger (?!.*-\w*x)")
_END = "[]"
_SECONDS = 60
_CRASHES = [128 + number for number in (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV)]


class CrashError(ModelError):
    """Report that one of the programs broke down over a text, or did not come to an end."""


def isolated(pipeline: str) -> str:
    """Start the tagger anew for every text.

    That of hidden Markov models changes for good at the first word of an ambiguity class that it was not
    trained on (apertium 3.8: `find_similar_ambiguity_class` overwrites the open class), so that what follows
    is tagged in another way: of 1,180 sentences of XQuAD-R, 140. All other programs, the perceptron's tagger
    among them, forget a text when they read the NUL behind it.

    Args:
        pipeline: commands of a mode, each with `-z`.

    Returns:
        The same for bash, with a loop around the tagger.
    """
    return " | ".join(_alone(command) for command in pipeline.strip().split(" | "))


def _alone(command: str) -> str:
    if not _LASTING.match(command):
        return command
    # Without -z it ends its output with the text; the loop writes the NUL.
    once = command.replace(" -z", "", 1)
    return f"while IFS= read -r -d '' text; do printf %s \"$text\" | {once} || exit; printf '\\0'; done"


def run(pipeline: str, arguments: Sequence[str], texts: Sequence[str], where: str) -> list[str]:
    """Translate texts with one call.

    Args:
        pipeline: what `isolated` returned.
        arguments: its `$1`, `$2` …
        texts: any strings; runs of white space count as one space.
        where: the engine and language, for a message.

    Returns:
        As many translations, white space as one space.

    Raises:
        CrashError: when a program breaks down or does not come to an end.
        ModelError: when a program fails or is killed.
        DataError: when the programs lose count of the texts.
    """
    stream = "".join(f"{encoded(text)}{_END}\0" for text in texts)
    translated = _output(pipeline, arguments, stream, _SECONDS + len(texts), where).split("\0")
    # At the end of the input each program may write its NUL once more.
    whole = all(text.count(_END) == 1 for text in translated[: len(texts)])
    if len(translated) <= len(texts) or not whole or any(translated[len(texts) :]):
        raise DataError(
            where=where,
            expected=f"{len(texts)} translations",
            found=f"{len(translated)} pieces that do not fit the texts",
            hint=f"Report it with the batch's first sentence, {texts[0][:80]!r}.",
        )
    return [decoded(text) for text in translated[: len(texts)]]


def encoded(text: str) -> str:
    """Write a text as Apertium's programs exchange it.

    Args:
        text: any string.

    Returns:
        Reserved characters behind a backslash. Control characters, and what the programs lose in spite of it
        (`^`, `~`, U+FFFF), stand as their code in brackets: format, which is not translated.
    """
    escaped = _RESERVED.sub(r"\\\g<0>", " ".join(text.split()))
    return _HIDDEN.sub(lambda match: f"[{ord(match[0]):x}]", escaped)


def decoded(text: str) -> str:
    """Read a text as Apertium's programs exchange it.

    Args:
        text: what they wrote.

    Returns:
        The text, white space as one space.
    """
    return " ".join(_BACK.sub(_character, text).split())


def _character(match: re.Match[str]) -> str:
    return match[1] or (chr(int(match[2], 16)) if match[2] else "")


def _output(pipeline: str, arguments: Sequence[str], stream: str, seconds: int, where: str) -> str:
    command = ["bash", "-o", "pipefail", "-c", pipeline, "apertium", *arguments]
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    with _started(command, environment, where) as process:
        try:
            output, errors = process.communicate(stream.encode(), timeout=seconds)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            raise _failed(CrashError, f"no end after {seconds} s", b"", where) from error
    if process.returncode in _CRASHES:
        raise _failed(CrashError, f"exit code {process.returncode}", b"", where)
    if process.returncode:
        raise _failed(ModelError, f"exit code {process.returncode}", errors, where)
    return output.decode(errors="replace")


def _started(command: Sequence[str], environment: dict[str, str], where: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, process_group=0)
    except OSError as error:
        raise ModelError(
            where=where,
            expected="the program bash, which runs Apertium's programs",
            found=str(error),
            hint="Install bash, or free some memory, and run the command again.",
        ) from error


def _failed(kind: type[ModelError], what: str, errors: bytes, where: str) -> ModelError:
    said = " ".join(errors.decode(errors="replace").split())[-300:]
    return kind(
        where=where,
        expected="a translation",
        found=f"{what}{': ' if said else ''}{said}",
        hint="Run the command again; where it fails again, reinstall Apertium's packages (`make apertium`).",
    )
