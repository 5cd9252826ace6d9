"""Read text files line by line, packed and encoded in any usual way, and name the line of what is broken."""

import codecs
import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from hbir.core.errors import DataError, ParamsError
from hbir.core.objects.streams import ObjectFile, Readable
from hbir.core.objects.urls import checked_url, is_url
from hbir.core.unpacked import Unpacked, refuse_device
from hbir.core.watched import located

BOM = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8, which some editors put before a file."""
GZIP = b"\x1f\x8b"
"""What a gzipped file begins with."""
_HEAD = 64
_LONGEST_NAME = 255
"""Bytes that a file system takes in a name."""
_ENCODINGS = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins like UTF-16's
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_NO_TEXT = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"BZh": "bzip2 data",
    b"\xfd7zXZ": "xz data",
    b"\x28\xb5\x2f\xfd": "zstd data",
    b"PAR1": "a Parquet file",
}
_MEND = "Mend the line, or fetch the file again."
_ONE_A_LINE = "Write one object per line, such as `jq -c '.[]'` makes of a JSON array."
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
        ParamsError: when it names a variable that is not set, or is a URL.
    """
    if is_url(path):
        hint = "Copy it, and name the copy; docs/how-to/object-stores.md says what may be a URL."
        raise ParamsError(where=where, expected="a path on this machine", found=path, hint=hint)
    full = os.path.expandvars(path)
    if "\0" in full or any(len(os.fsencode(part)) > _LONGEST_NAME for part in Path(full).parts):
        found = f"{full[:40]!r}… of {len(full):,} characters"
        raise ParamsError(where=where, expected="a path that a file can have", found=found, hint="Correct it.")
    if unset := re.search(r"\$\{?(\w+)", full):
        raise ParamsError(
            where=where,
            expected=f"the environment variable {unset[1]}",
            found="none of that name",
            hint=f"Set it, as in `export {unset[1]}=…`, or write the path out.",
        )
    try:
        return located(Path(full).expanduser())
    except RuntimeError as error:
        raise ParamsError(
            where=where, expected="a home folder for `~`", found=str(error), hint="Write the path out."
        ) from error


def readable(path: str, where: str) -> Readable:
    """Find what a user named to be read from its start to its end.

    Args:
        path: a path, as for `expanded`, or the URL of an object, in which nothing is resolved.
        where: the file and key, for a message.

    Returns:
        The path, or the object; whether it exists is not checked.

    Raises:
        ParamsError: when a path names a variable that is not set, or a URL holds a secret.
    """
    return ObjectFile(checked_url(path, where)) if is_url(path) else expanded(path, where)


def read_lines(path: Readable) -> Iterator[tuple[int, str]]:
    """Read the lines of a text file, plain or gzipped, in UTF-8, or in UTF-16 with a byte order mark.

    Args:
        path: the file or object; its content tells what it is, whatever its name.

    Yields:
        The line's number from 1, and its text without the line break. Blank lines are kept.

    Raises:
        DataError: when the file is missing or cannot be read, is no text, its gzip is broken, or a line is in
            another encoding.
    """
    number = 0
    try:
        with opened(path) as stream:
            encoding = _encoding(stream.read(_HEAD), path)
            stream.seek(0)
            lines: Iterable[bytes | str] = stream
            if encoding != "utf-8":
                lines = io.TextIOWrapper(stream, encoding, newline="\n")
            for number, line in enumerate(lines, start=1):
                yield number, _text(line, first=number == 1)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise missing(path) from error
    except UnicodeDecodeError as error:
        hint = "Save the file as UTF-8: it may be in a national encoding, such as Windows-1252."
        raise broken(path, max(number, 1), "UTF-8", str(error), hint) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise broken(path, number + 1, "whole gzip data", str(error)) from error
    except OSError as error:
        raise DataError(
            where=str(path),
            expected="a file that can be read",
            found=error.strerror or str(error),
            hint="Check the path and its permissions.",
        ) from error


def opened(path: Readable) -> IO[bytes] | gzip.GzipFile:
    """Open a file to read its bytes, decompressed where they are gzip's.

    Args:
        path: the file.

    Returns:
        A stream that can be sought in.

    Raises:
        DataError: when it is a pipe or a device.
    """
    refuse_device(path)
    with path.open("rb") as stream:
        zipped = stream.read(len(GZIP)) == GZIP
    return Unpacked(path) if zipped else path.open("rb")


def _encoding(head: bytes, path: Readable) -> str:
    for mark, encoding in _ENCODINGS.items():
        if head.startswith(mark):
            return encoding
    found = next((name for magic, name in _NO_TEXT.items() if head.startswith(magic)), "")
    if not found and b"\0" in head:
        found = "zero bytes, as in UTF-16 without a byte order mark"
    if found:
        raise broken(path, 1, "text in UTF-8, plain or gzipped", found, "Unpack it, or save it as UTF-8.")
    return "utf-8"


def _text(line: bytes | str, *, first: bool) -> str:
    if isinstance(line, bytes):
        line = (line.removeprefix(BOM) if first else line).decode("utf-8")
    return line.rstrip("\r\n")


def read_jsonl(path: Readable) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read a file of one JSON object per line; blank lines are passed over.

    Args:
        path: the file, plain or gzipped.

    Yields:
        The line's number from 1, and its object.

    Raises:
        DataError: when the file is missing or broken, or a line holds no JSON object.
    """
    for number, line in read_lines(path):
        if line.strip():
            yield number, parse_object(path, number, line)


def parse_object(path: Readable, number: int, line: str) -> dict[str, Any]:
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
        whole = number == 1 and line.strip() in ("[", "{")
        raise broken(path, number, "JSON", str(error), _ONE_A_LINE if whole else _MEND) from error
    if not isinstance(value, dict):
        raise broken(path, number, "a JSON object", type(value).__name__, _ONE_A_LINE)
    return value


def broken(path: Readable, line: int, expected: str, found: str, hint: str = _MEND) -> DataError:
    """Build the error for a line that is not what its format says.

    Args:
        path: the file.
        line: its number from 1.
        expected: what the format says.
        found: what stands there.
        hint: what to do next.

    Returns:
        The error, to be raised by the caller.
    """
    return DataError(
        where=f"{path}, line {line}",
        expected=expected,
        found=found,
        hint=hint,
    )


def missing(path: Readable, hint: str = "Check the path.") -> DataError:
    """Build the error for a file that is not there.

    Args:
        path: the file.
        hint: what to do next.

    Returns:
        The error, to be raised by the caller; it tells when there is a folder instead.
    """
    found = "a folder" if path.is_dir() else "none"
    return DataError(where=str(path), expected="a file", found=found, hint=hint)
