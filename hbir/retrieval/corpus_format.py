"""Tell by its content how the lines of a corpus are to be read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from hbir.benchmarks.streamed import IDS
from hbir.core.errors import DataError
from hbir.core.lines import GZIP, read_lines

_JSON = (".jsonl", ".json", ".ndjson")
_TABLE = (".tsv", ".tab")
_ID_AND_TEXT = ("_id", "text")
"""Columns of a table without a header, such as MS MARCO's `collection.tsv`."""
_SAMPLE = 100
"""Lines that are looked at."""
_HEAD = 4096
"""Bytes that are looked at."""
_WAYS = {
    b"PAR1": ("a Parquet file", "Write it as JSON lines, such as with `pandas.read_parquet(…).to_json(…, "
              "orient='records', lines=True)`."),
    b"%PDF": ("a PDF file", "Extract its text first, a passage per line."),
    b"PK\x03\x04": ("a zip archive, as office documents are", "Unpack it, or save the document as text."),
    b"\xff\xfe": ("UTF-16", "Convert it, as in `iconv -f UTF-16 -t UTF-8`."),
    b"\xfe\xff": ("UTF-16", "Convert it, as in `iconv -f UTF-16 -t UTF-8`."),
}  # fmt: skip
"""What a file begins with: what that is, and what to do."""


@dataclass(frozen=True)
class Format:
    """Say how a line becomes a passage."""

    kind: Literal["json", "table", "text"]
    columns: tuple[str, ...] = ()
    """Of a table."""
    header: int = 0
    """Number of the line with their names; 0 where there is none."""

    def row(self, number: int, line: str) -> Mapping[str, Any] | None:
        """Take a line of a table or of plain text apart.

        Args:
            number: of the line, from 1.
            line: its text.

        Returns:
            Its fields; None for the header of a table.

        Raises:
            ValueError: when it has another number of columns.
        """
        if self.kind == "text":
            return {"id": number, "text": line.strip()}
        fields = line.split("\t")
        if len(fields) != len(self.columns):
            raise ValueError(f"{len(fields)} columns")
        return None if number == self.header else dict(zip(self.columns, fields, strict=True))


def find_format(path: Path) -> Format:
    """Look at the beginning of a file.

    Args:
        path: the corpus; gzipped or not.

    Returns:
        JSON lines, a table with tabs, or plain text.

    Raises:
        DataError: when it is something else.
    """
    _refuse_binary(path)
    lines = [(number, line) for number, line in islice(read_lines(path), _SAMPLE) if line.strip()]
    first = lines[0][1] if lines else ""
    suffix = _suffix(path)
    if _is_object(first) or (suffix in _JSON and not first.lstrip().startswith("[")):
        return Format("json")
    if first.lstrip().startswith("[") and (suffix in _JSON or _is_json(first)):
        raise _refused(path, "a JSON array", "Write one object per line: `jq -c '.[]'` does.")
    if _is_comma_separated(suffix, first):
        raise _refused(path, "a table with commas", "Write it with tabs, or as JSON lines.")
    widths = {line.count("\t") for _, line in lines}
    if suffix in _TABLE or (len(widths) == 1 and widths != {0}):
        return _table(path, first.split("\t"), lines[0][0] if lines else 0)
    return Format("text")


def _table(path: Path, fields: Sequence[str], number: int) -> Format:
    names = tuple(field.strip().lower() for field in fields)
    if "text" in names and set(names) & set(IDS):
        return Format("table", names, number)
    if len(fields) == len(_ID_AND_TEXT) and "text" not in names:
        return Format("table", _ID_AND_TEXT)
    raise _refused(
        path,
        f"{len(fields)} columns without a header that names them",
        f"Put a line on top that names an id ({', '.join(IDS)}), `text`, and perhaps `title` and `lang`.",
    )


def _refuse_binary(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return  # the reader of lines says why
    for start, (found, hint) in _WAYS.items():
        if head.startswith(start):
            raise _refused(path, found, hint)
    if b"\0" in head and not head.startswith(GZIP):
        raise _refused(path, "a binary file", "Write it as JSON lines or as text in UTF-8.")


def _refused(path: Path, found: str, hint: str) -> DataError:
    expected = "JSON lines, a table with tabs or text with a passage per line"
    return DataError(where=str(path), expected=expected, found=found, hint=hint)


def _suffix(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")


def _is_comma_separated(suffix: str, first: str) -> bool:
    for sign in ",;":
        names = {name.strip().strip('"').lower() for name in first.split(sign)}
        if "text" in names and names & set(IDS):
            return True
    return suffix == ".csv"


def _is_object(line: str) -> bool:
    return line.lstrip().startswith("{") and _is_json(line)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
