"""Read files of separated values as people save them."""

import csv
from collections.abc import Iterator, Sequence
from itertools import chain

from hbir.core.lines import broken, read_lines
from hbir.core.objects.streams import Readable

_LONGEST_FIELD = 1 << 24
"""Characters; the module's own limit is shorter than some articles."""
_DELIMITERS = ",;\t|"
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_STRAY = "Double or remove the mark, or set `quoted: false` where quotation marks are part of the text."


def read_separated(
    path: Readable, columns: Sequence[str], delimiter: str | None, *, quoted: bool
) -> Iterator[tuple[str, dict[str, str]]]:
    """Read the rows of a file whose first line names the columns.

    Args:
        path: the file, plain or gzipped.
        columns: those that are wanted, which tell the delimiter.
        delimiter: what stands between two values; None for the one with which the first line names the columns.
        quoted: whether `"` around a value is no part of it.

    Yields:
        Where each row stands, and its values by column.

    Raises:
        DataError: when the first line lacks a column or names it twice, a row has another number of values, or
            a quotation mark runs through rows.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    lines = (f"{text}\n" for _, text in read_lines(path))
    first = next(lines, "")
    begin = 1
    try:
        chosen = delimiter or _delimiter_of(first, columns)
        reader = csv.reader(
            chain([first], lines),
            delimiter=chosen,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            strict=True,
        )
        header = [name.strip() for name in next(reader, [])]
        if first.strip():
            _check_header(path, header, columns, chosen)
        begin = reader.line_num + 1
        for row in reader:
            if row:
                _check_row(path, row, len(header), (begin, reader.line_num), chosen)
                yield f"{path}, line {reader.line_num}", dict(zip(header, row, strict=True))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise broken(path, begin, "separated values", str(error), _STRAY) from error


def _delimiter_of(header: str, columns: Sequence[str]) -> str:
    fits = {sign: set(columns) & {name.strip() for name in _split(header, sign)} for sign in _DELIMITERS}
    return max(_DELIMITERS, key=lambda sign: (len(fits[sign]), header.count(sign)))


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _check_header(path: Readable, header: list[str], columns: Sequence[str], delimiter: str) -> None:
    for name in columns:
        if name not in header:
            between = _NAMES.get(delimiter, repr(delimiter))
            raise broken(
                path,
                1,
                f"the column {name!r}",
                f"{', '.join(header)} (between {between})",
                "Name the columns in the source's params, or the `delimiter` if it is another.",
            )
        if header.count(name) > 1:
            raise broken(path, 1, f"one column {name!r}", f"{header.count(name)}", "Rename the others.")


def _check_row(path: Readable, row: list[str], width: int, lines: tuple[int, int], delimiter: str) -> None:
    begin, end = lines
    if len(row) != width:
        raise broken(path, end, f"{width} values", str(len(row)), f"{_STRAY[:-1]}; or mend the row.")
    if begin == end:
        return
    for place, value in enumerate(row):
        if _holds_rows(value, place, width, delimiter):
            raise broken(
                path,
                begin,
                f"{width} values in a row",
                f"a quotation mark that takes in whole rows, down to line {end}",
                _STRAY,
            )


def _holds_rows(value: str, place: int, width: int, delimiter: str) -> bool:
    """Tell whether a stray mark opened a value: it is the end of a row, whole rows and the beginning of one.

    A delimiter before a space is prose.
    """
    first, *between = value.split("\n")
    if not between:
        return False
    *between, last = between
    counts = [sum(part[:1] != " " for part in line.split(delimiter)[1:]) for line in (first, *between, last)]
    return counts == [width - 1 - place, *[width - 1] * len(between), place]
