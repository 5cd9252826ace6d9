"""Read text files line by line, plain or gzipped, and name file and line of whatever is broken."""

import gzip
import json
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from hbir.core.errors import DataError, ParamsError
from hbir.core.watched import located

BOM = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8, which some editors put before a file."""
GZIP = b"\x1f\x8b"
"""What a gzipped file begins with."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def expanded(path: str, where: str) -> Path:
    """Resolve `~`, environment variables and files of the main repository in a path that a user wrote.

    Args:
        path: as written in params.yaml or on a command line, such as `$HBIR_DATA/xquad-r`.
        where: the file and key, for a message.

    Returns:
        The path; whether it exists is not checked. One that an experiment's temporary folder lacks is that of
        the main repository (`hbir.core.watched.located`).

    Raises:
        ParamsError: when it names a variable that is not set.
    """
    full = os.path.expandvars(path)
    if unset := re.search(r"\$\{?(\w+)", full):
        raise ParamsError(
            where=where,
            expected=f"the environment variable {unset[1]}",
            found="none of that name",
            hint=f"Set it, as in `export {unset[1]}=…`, or write the path out.",
        )
    return located(Path(full).expanduser())


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Read the lines of a UTF-8 file, gzipped or not.

    Args:
        path: the file.

    Yields:
        The line's number from 1, and its text without the line break. Blank lines are kept.

    Raises:
        DataError: when the file is missing or cannot be read, its gzip is broken, or a line is not UTF-8.
    """
    number = 0
    try:
        with opened(path) as stream:
            for number, raw in enumerate(stream, start=1):
                yield number, (raw.removeprefix(BOM) if number == 1 else raw).decode("utf-8").rstrip("\r\n")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise missing(path) from error
    except UnicodeDecodeError as error:
        raise broken(path, number, "UTF-8", str(error)) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise broken(path, number + 1, "whole gzip data", str(error)) from error
    except OSError as error:
        raise DataError(
            where=str(path),
            expected="a file that can be read",
            found=error.strerror or str(error),
            hint="Check the path and its permissions.",
        ) from error


def opened(path: Path) -> IO[bytes] | gzip.GzipFile:
    """Open a file to read its bytes, decompressed where they are gzip's, whatever its name.

    Args:
        path: the file.

    Returns:
        A stream that can be sought in.
    """
    with path.open("rb") as stream:
        zipped = stream.read(len(GZIP)) == GZIP
    return gzip.open(path, "rb") if zipped else path.open("rb")


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read a file of one JSON object per line; blank lines are passed over.

    Args:
        path: a `.jsonl` or `.jsonl.gz` file.

    Yields:
        The line's number from 1, and its object.

    Raises:
        DataError: when the file is missing or broken, or a line holds no JSON object.
    """
    for number, line in read_lines(path):
        if line.strip():
            yield number, parse_object(path, number, line)


def parse_object(path: Path, number: int, line: str) -> dict[str, Any]:
    """Parse a line that holds a JSON object.

    Args:
        path: the file it stands in.
        number: its number from 1.
        line: its text.

    Returns:
        The object.

    Raises:
        DataError: when it is something else, nested too deeply, or holds half a character, which no file can.
    """
    try:
        value = json.loads(line)
        if _SURROGATE.search(line):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise broken(path, number, "JSON", str(error)) from error
    if not isinstance(value, dict):
        raise broken(path, number, "a JSON object", type(value).__name__)
    return value


def require_utf8(*arguments: str | None) -> None:
    """Refuse an argument of a command line that is not UTF-8, which Python marks and no tokenizer reads.

    Args:
        *arguments: as the command got them; None where one was left out.

    Raises:
        ParamsError: when one has bytes that are no UTF-8.
    """
    for argument in arguments:
        try:
            (argument or "").encode()
        except UnicodeEncodeError as error:
            raise ParamsError(
                where="command line",
                expected="UTF-8",
                found=repr(os.fsencode(error.object)),
                hint="Set the terminal and the locale to UTF-8, as in `export LC_ALL=C.UTF-8`.",
            ) from error


def broken(path: Path, line: int, expected: str, found: str) -> DataError:
    """Build the error for a line that is not what its format says.

    Args:
        path: the file.
        line: its number from 1.
        expected: what the format says.
        found: what stands there.

    Returns:
        The error, to be raised by the caller.
    """
    return DataError(
        where=f"{path}, line {line}",
        expected=expected,
        found=found,
        hint="Mend the line, or fetch the file again.",
    )


def missing(path: Path, hint: str = "Check the path.") -> DataError:
    """Build the error for a file that is not there.

    Args:
        path: the file.
        hint: what to do next.

    Returns:
        The error, to be raised by the caller; it tells when there is a folder instead.
    """
    found = "a folder" if path.is_dir() else "none"
    return DataError(where=str(path), expected="a file", found=found, hint=hint)
