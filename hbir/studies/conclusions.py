"""Say in words what the tests of a table show, and no more."""

from collections.abc import Iterator, Sequence

from hbir.evaluation.differences import Verdict
from hbir.reporting.columns import Column
from hbir.reporting.numbers import short
from hbir.studies.study_table import StudyRow, StudyTable
from hbir.studies.words import listed

_WORDS: dict[Verdict, str] = {
    "better": "better",
    "worse": "worse",
    "higher": "higher",
    "lower": "lower",
    "no difference shown": "no difference shown",
    "too few queries": "not tested, for too few queries",
}


def conclusion(table: StudyTable) -> str:
    """Answer for a whole table.

    Args:
        table: rows beside their reference.

    Returns:
        One or more sentences, in which every row but the reference has a place.
    """
    others = [row for row in table.rows if row.name != table.reference]
    if not others:
        return f"There is nothing beside `{table.reference}` to compare it with."
    tested = [one for row in others for one in row.contrasts.values() if one.p is not None]
    if not tested:
        return f"Nothing can be said against `{table.reference}`: there are too few queries for a test."
    kinds: dict[str, list[str]] = {}
    for row in others:
        kinds.setdefault(_kind(row), []).append(f"`{row.name}`")
    columns = len({column for row in others for column in row.contrasts})
    parts = [f"{kind}: {listed(kinds[kind])}" for kind in _KINDS if kind in kinds]
    head = f"Beside `{table.reference}`, in {columns} column{'' if columns == 1 else 's'}"
    return f"{head}: {'; '.join(parts)}."


def by_column(table: StudyTable) -> Iterator[str]:
    """Say of each column which rows differ from the reference.

    Args:
        table: rows beside their reference.

    Yields:
        A line of Markdown.
    """
    for column in table.columns:
        groups: dict[Verdict, list[str]] = {}
        for row in table.rows:
            if column in row.contrasts:
                groups.setdefault(row.contrasts[column].verdict, []).append(f"`{row.name}`")
        said = [f"{_WORDS[verdict]}: {listed(groups[verdict])}" for verdict in _WORDS if verdict in groups]
        best = _best(column, table.rows)
        yield f"- {column_title(column)}: {'; '.join([*said, *best]) or 'no scores'}."


def column_title(column: Column) -> str:
    """Name a column in a sentence.

    Args:
        column: of a table.

    Returns:
        Such as `multilingual mAP`.
    """
    return f"{column.setting_name} {column.name}"


_BETTER = "better in at least one and worse in none"
_MIXED = "better in some and worse in others"
_WORSE = "worse in at least one and better in none"
_MOVED = "higher or lower in at least one that has no better direction, and better or worse in none"
_NONE = "no difference shown in any"
_PARTLY = "no difference shown in any that was tested, and not tested in others, for too few queries"
_UNTESTED = "not tested in any, for too few queries"
_ABSENT = "no scores of the same queries in any"
_KINDS = (_BETTER, _MIXED, _WORSE, _MOVED, _NONE, _PARTLY, _UNTESTED, _ABSENT)


def _kind(row: StudyRow) -> str:
    verdicts = {one.verdict for one in row.contrasts.values()}
    if not verdicts:
        return _ABSENT
    if {"better", "worse"} & verdicts:
        return _MIXED if {"better", "worse"} <= verdicts else _BETTER if "better" in verdicts else _WORSE
    if {"higher", "lower"} & verdicts:
        return _MOVED
    if "too few queries" in verdicts:
        return _PARTLY if "no difference shown" in verdicts else _UNTESTED
    return _NONE


def _best(column: Column, rows: Sequence[StudyRow]) -> list[str]:
    means = {row.name: row.scores[column].mean for row in rows if column in row.scores}
    if not column.has_best or len(means) < 2:
        return []
    choose = min if column.lower_is_better else max
    value = choose(means.values())
    names = listed([f"`{name}`" for name, mean in means.items() if mean == value])
    return [f"{'lowest' if column.lower_is_better else 'highest'} mean: {names} ({short(column, value)})"]
