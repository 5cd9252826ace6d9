"""Read pairs from rows of named columns, whatever file or hub the rows come from."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import Field

from hbir.collection.source import Harvest, Pair, TextSource
from hbir.core.errors import DataError
from hbir.core.params import params_class

_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")
_MEND = "Name the column in the source's params, or mend the row."


@params_class
class TableSource(TextSource):
    """Describe a source of rows: its columns by name, `a.b` within `a`, `a[0]` the first of a list."""

    query: str = "query"
    """Column of the query."""
    passage: str = "passage"
    """Column of the text that answers it."""
    group: str | None = None
    """Column of what keeps pairs on one side of train and validation, such as a document; else the passage."""
    only: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Column → value; a row with another value is left out and counted. Texts, as all values of a CSV file, are
    compared as text."""

    @property
    def columns(self) -> list[str]:
        """Return the columns that are wanted."""
        named = (self.query, self.passage, self.group, *self.only)
        return list(dict.fromkeys(name for name in named if name is not None))

    @property
    def outer_columns(self) -> list[str]:
        """Return the columns of the table that hold them."""
        return list(dict.fromkeys(name.partition(".")[0].partition("[")[0] for name in self.columns))


def harvest(params: TableSource, rows: Iterable[tuple[str, Mapping[str, Any]]]) -> Harvest:
    """Make pairs of rows.

    Args:
        params: the source.
        rows: for each row where it stands, such as `faq.jsonl, line 3`, and its columns. Read once.

    Returns:
        The pairs, read as they are asked for. A row without a value for query or passage gives an empty text,
        which cleaning counts.
    """
    dropped: Counter[str] = Counter()
    return Harvest(_pairs(params, rows, dropped), dropped)


def _pairs(
    params: TableSource, rows: Iterable[tuple[str, Mapping[str, Any]]], dropped: Counter[str]
) -> Iterator[Pair]:
    for where, row in rows:
        other = [name for name, value in params.only.items() if not _equal(pick(row, name, where), value)]
        if other:
            dropped[f"{other[0]} is not {params.only[other[0]]}"] += 1
            continue
        group = None if params.group is None else pick(row, params.group, where)
        yield Pair(
            query=_text(row, params.query, where),
            passage=_text(row, params.passage, where),
            group="" if group is None else str(group),
        )


def _equal(found: Any, wanted: str | float | bool) -> bool:
    # Whoever writes a CSV file spells a truth value in a case of their own.
    return found.casefold() == str(wanted).casefold() if isinstance(found, str) else bool(found == wanted)


def _text(row: Mapping[str, Any], path: str, where: str) -> str:
    value = pick(row, path, where)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DataError(where=f"{where}: {path}", expected="a text", found=repr(value)[:80], hint=_MEND)
    return value


def pick(row: Mapping[str, Any], path: str, where: str) -> Any:
    """Find a value in a row.

    Args:
        row: its columns.
        path: a column's name, or steps into nested values such as `answers.text[0]`.
        where: where the row stands, for a message.

    Returns:
        The value; None where it, or one on the way, is null or the list is too short.

    Raises:
        DataError: when there is no such column.
    """
    if path in row:
        return row[path]
    value: Any = row
    for step in _STEP.findall(path):
        value = _element(value, int(step[1:-1]), where) if step[0] == "[" else _column(value, step, where)
        if value is None:
            return None
    return value


def _column(value: Any, name: str, where: str) -> Any:
    if isinstance(value, Mapping) and name in value:
        return value[name]
    found = ", ".join(map(str, value)) if isinstance(value, Mapping) else repr(value)[:80]
    raise missing_column(where, name, [found or "none"])


def missing_column(where: str, name: str, found: Iterable[str]) -> DataError:
    """Build the error for a column that is not there.

    Args:
        where: the file or row.
        name: of the column.
        found: the columns there are.

    Returns:
        The error, to be raised by the caller.
    """
    return DataError(where=where, expected=f"the column {name!r}", found=", ".join(found), hint=_MEND)


def _element(value: Any, index: int, where: str) -> Any:
    if not isinstance(value, list):
        raise DataError(where=where, expected="a list", found=repr(value)[:80], hint=_MEND)
    return value[index] if index < len(value) else None
