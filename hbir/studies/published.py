"""Put our scores beside somebody else's published ones."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from hbir.core.params import unknown
from hbir.evaluation.intervals import Interval
from hbir.reporting.columns import MISSING, Column, named_column
from hbir.reporting.markdown import escaped
from hbir.reporting.numbers import bounds, change, short
from hbir.studies.study_file import Study
from hbir.studies.study_table import StudyRow, StudyTable

HEADER = (
    "| benchmark | | sampler | measure | published | ours | ours − published |\n|---|---|---|---|---|---|---|"
)


def beside_published(study: Study, tables: Sequence[StudyTable]) -> str:
    """Write a line for each published figure of a benchmark that was scored on.

    Args:
        study: with the published figures.
        tables: of the study, a row for each sampler.

    Returns:
        A Markdown table and what it says; empty where the study has no such figures, or none for these
        benchmarks.

    Raises:
        ParamsError: when a figure is of an unknown sampler or measure.
    """
    lines = list(_lines(study, tables))
    if not lines:
        return ""
    places = [line.place for line in lines]
    said = (
        f"Of {len(lines)} published figures, {places.count('within')} lie within our interval over seeds and "
        f"queries, and {places.count('outside')} outside of it."
    )
    if left := [line.name for line in lines if line.place == "unknown"]:
        said += f" Not compared, for there is no score or no interval of ours: {'; '.join(left)}."
    note = f"Published: {study.source}. " if study.source else ""
    spread = "The published figures have no interval; a difference is in bold where ours leaves out 0."
    return "\n\n".join([said, "\n".join([HEADER, *(line.text for line in lines)]), note + spread])


_Place = Literal["within", "outside", "unknown"]


class _Line(NamedTuple):
    text: str
    """A row of the table."""
    name: str
    """Of the figure, in a sentence."""
    place: _Place
    """Where the published figure lies, seen from our interval; unknown where we have none."""


def _lines(study: Study, tables: Sequence[StudyTable]) -> Iterator[_Line]:
    for table in tables:
        figures = study.published.get(table.benchmark, {}).get(table.title, {}) if not table.group else {}
        rows = {row.name: row for row in table.rows}
        for sampler, measures in figures.items():
            if sampler not in rows:
                raise unknown(f"study {study.name}: published.{table.benchmark}", sampler, rows)
            for name, value in measures.items():
                yield _line(table, rows[sampler], _column(study, table, name), value)


def _column(study: Study, table: StudyTable, name: str) -> Column:
    setting, _, measure = name.partition(" ")
    column = named_column(table.columns[0].measure, setting, measure)
    if column not in table.columns:
        known = [f"{column.setting} {column.measure}" for column in table.columns]
        raise unknown(f"study {study.name}: published.{table.benchmark}", name, known)
    return column


def _line(table: StudyTable, row: StudyRow, column: Column, value: float) -> _Line:
    score = row.scores.get(column)
    parts = [table.benchmark, table.title, row.name, f"{column.setting_name} {column.name}"]
    head = f"| {' | '.join(map(escaped, parts))} | {short(column, value)} |"
    name = " ".join(filter(None, parts))
    if score is None:
        return _Line(f"{head} {MISSING} | {MISSING} |", name, "unknown")
    interval = score.interval
    moved = Interval(low=interval.low - value, high=interval.high - value) if interval else None
    outside = moved is not None and (moved.low > 0 or moved.high < 0)
    text = f"{change(column, score.mean - value)}{bounds(column, moved)}"
    ours = f"{short(column, score.mean)}{bounds(column, interval)}"
    place: _Place = "outside" if outside else "within" if moved else "unknown"
    return _Line(f"{head} {ours} | {f'**{text}**' if outside else text} |", name, place)
