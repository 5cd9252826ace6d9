"""Find and read a benchmark's official files in a local folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import regex
from pydantic import TypeAdapter, ValidationError

from hbir.benchmarks.params import DATA_VARIABLE, BenchmarkParams, is_there
from hbir.core.errors import DataError
from hbir.core.hashing import digest, file_digest
from hbir.core.lines import BOM
from hbir.core.watched import BENCHMARKS

T = TypeVar("T")
_UNSEEN = regex.compile(r"^[\p{Z}\p{Cf}\p{Cc}]+|[\p{Z}\p{Cf}\p{Cc}]+$")
_SHOWN = 20
"""Most names listed of a folder in which a file is missing."""


def how_to_fetch(params: BenchmarkParams, files: str, source: str) -> str:
    """Say which files a benchmark is made of, where they are and how to name their folder.

    Args:
        params: the benchmark.
        files: their names, as words.
        source: a page or a repository, as words.

    Returns:
        One imperative sentence, the hint of an error.
    """
    return (
        f"Fetch {files} from {source}, and name their folder with `--data` or `data` in params.yaml, "
        f"or put it at {BENCHMARKS / params.name}, for commands also at ${DATA_VARIABLE}/{params.name}."
    )


def no_folder(params: BenchmarkParams, files: str, source: str) -> DataError:
    """Build the error for a benchmark that the Hub does not have whole.

    Args:
        params: the benchmark.
        files: their names, as words.
        source: a page or a repository, as words.

    Returns:
        The error, to be raised by the caller.
    """
    return DataError(
        where=params.where,
        expected=f"a folder with {files}",
        found="none",
        hint=how_to_fetch(params, files, source),
    )


def file_in(folder: Path, name: str) -> Path:
    """Find one of a benchmark's files.

    Args:
        folder: the folder that was named.
        name: the file's name, `/` between levels.

    Returns:
        Its path.

    Raises:
        DataError: when it is not there; the message lists what is.
    """
    path = folder / name
    if is_there(path) and path.is_file():
        return path
    raise absent(folder, name)


def absent(folder: Path, expected: str) -> DataError:
    """Build the error for files that are not in a folder.

    Args:
        folder: the folder that was named.
        expected: the files' names, as words.

    Returns:
        The error, to be raised by the caller; it lists what is there.
    """
    try:
        there = sorted(item.name for item in folder.iterdir()) if folder.is_dir() else ["no folder"]
    except PermissionError:
        there = ["a folder that may not be read"]
    listed = ", ".join([*there[:_SHOWN], *(["…"] if len(there) > _SHOWN else [])])
    return DataError(
        where=str(folder),
        expected=expected,
        found=listed or "an empty folder",
        hint="Fetch the file, name another folder, or name in `languages` those that are there.",
    )


def version_of(paths: Iterable[Path]) -> str:
    """Name the version of a benchmark by its files' content.

    Args:
        paths: the files that were loaded, in the benchmark's own order.

    Returns:
        12 hexadecimal digits, independent of where the files lie.
    """
    return digest("\n".join(file_digest(path) for path in paths))[:12]


def trimmed(text: str) -> str:
    """Cut off what nobody sees at the ends of an id or a text.

    Args:
        text: as a file has it.

    Returns:
        The text without white space, zero-width characters, marks of direction and byte order marks around it.
    """
    return text.strip() if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def parse_json(
    kind: TypeAdapter[T], data: bytes | str, where: str, layout: str = "the benchmark's own format"
) -> T:
    """Read JSON of a known form; further keys are passed over.

    Args:
        kind: the form.
        data: the JSON, as bytes in UTF-8 perhaps with a byte order mark.
        where: file and place, for a message.
        layout: what to call the form in a message.

    Returns:
        The value.

    Raises:
        DataError: when it is no JSON, no UTF-8, or of another form; the message has the place within the JSON.
    """
    try:
        return kind.validate_json(data.removeprefix(BOM) if isinstance(data, bytes) else data, strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise DataError(
            where=f"{where}: {place}" if place else where,
            expected="JSON in UTF-8" if fault["type"] == "json_invalid" else layout,
            found=str(fault["msg"]),
            hint="Mend the place, or fetch the file again.",
        ) from error
