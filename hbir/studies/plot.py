"""Draw a table of a study: curves where its rows are numbers, else how far each is from the reference."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hbir.evaluation.bias_suite import BIAS_NAMES
from hbir.reporting.columns import Column
from hbir.reporting.numbers import short
from hbir.studies.conclusions import column_title
from hbir.studies.curves import series_of
from hbir.studies.ink import MARKERS, Drawing, colour_of, legend, named, over, plain, saved, sheet
from hbir.studies.study_table import Score, StudyTable
from hbir.studies.words import listed

PANELS = 2
"""In a row."""
BIAS = "bias"
"""Ends the name of a drawing of the measures of language bias."""


def drawn(table: StudyTable, axis: str | None, folder: Path, name: str) -> list[Drawing]:
    """Draw the columns of a table, those of language bias apart.

    Args:
        table: rows beside their reference.
        axis: as `draw` takes it.
        folder: where to.
        name: of the file, without an ending.

    Returns:
        The drawings of those columns that the table has.
    """
    parts: dict[str, list[Column]] = {"": [], BIAS: []}
    for column in table.columns:
        parts[BIAS if column.measure in BIAS_NAMES else ""].append(column)
    return [
        draw(table, columns, axis, folder / f"{name}{f'-{part}' if part else ''}.svg")
        for part, columns in parts.items()
        if columns
    ]


def draw(table: StudyTable, columns: Sequence[Column], axis: str | None, path: Path) -> Drawing:
    """Draw columns of a table, each in a panel of its own.

    Args:
        table: rows beside their reference.
        columns: which.
        axis: the param that the last number of each row's name is of; None to draw a line per row.
        path: of the SVG file.

    Returns:
        The drawing. The same table gives the same bytes.
    """
    lines = -(-len(columns) // PANELS)
    wide = min(PANELS, len(columns))
    tall = 2.2 if axis else 0.55 + 0.2 * len(table.rows)
    with sheet(tall * lines + (0.5 if axis else 0.1)) as figure:
        panels = figure.subplots(lines, wide, squeeze=False, sharey="row" if not axis else False).ravel()
        for panel in panels[len(columns) :]:
            panel.set_visible(False)
        for panel, column in zip(panels, columns, strict=False):
            if axis:
                _curves(panel, table, column, axis)
            else:
                _changes(panel, table, column)
            panel.set_title(column_title(column), fontsize=9)
            plain(panel)
        legend(figure, panels[0])
        alt = _alt(table, columns, axis)
        return saved(figure, path, named(table.benchmark, table.title), alt)


def _curves(panel: Any, table: StudyTable, column: Column, axis: str) -> None:
    series = series_of(table.rows)
    for number, (name, points) in enumerate(series.items()):
        _curve(panel, name, [(x, row.scores[column]) for x, row in points if column in row.scores], number)
    drawn = {row.name for points in series.values() for _, row in points}
    lines = [row for row in table.rows if row.name not in drawn and column in row.scores]
    for number, row in enumerate(lines):
        colour = colour_of(row.sampler, len(series) + number)
        style = ("--", ":", "-.")[number % 3]
        panel.axhline(row.scores[column].mean, color=colour, linestyle=style, label=row.name)
    panel.set_xlabel(axis)


def _curve(panel: Any, name: str, points: Sequence[tuple[float, Score]], number: int) -> None:
    """Draw the means with a band of their intervals, and a dot for each seed."""
    colour, marker = colour_of(name, number), MARKERS[number % len(MARKERS)]
    panel.plot(
        [x for x, _ in points], [one.mean for _, one in points], color=colour, marker=marker, ms=4, label=name
    )
    bounded = [(x, one.interval) for x, one in points if one.interval is not None]
    panel.fill_between(
        [x for x, _ in bounded],
        [bound.low for _, bound in bounded],
        [bound.high for _, bound in bounded],
        color=colour,
        alpha=0.2,
        linewidth=0,
    )
    for x, one in points:
        panel.plot([x] * len(one.by_seed), one.by_seed, ".", color=colour, ms=3, alpha=0.6)


def _changes(panel: Any, table: StudyTable, column: Column) -> None:
    """Draw a line of the panel for each row."""
    rows = list(reversed(table.rows))
    reference = next((row for row in rows if row.name == table.reference), None)
    before = reference.scores.get(column) if reference else None
    alike = len({row.sampler for row in rows}) == 1
    for y, row in enumerate(rows):
        if column not in row.scores:
            continue
        number = int(row is reference) if alike else len(rows) - 1 - y
        colour = colour_of("" if alike else row.sampler, number)
        _change(panel, y, row.scores[column], None if row is reference else before, colour)
    if before is not None:
        panel.axvline(before.mean, color="#5f6b76", linewidth=0.8, linestyle=":")
    panel.set_yticks(range(len(rows)), [row.name for row in rows])
    panel.set_ylim(-0.6, len(rows) - 0.4)


def _change(panel: Any, y: int, one: Score, before: Score | None, colour: str) -> None:
    """Draw a mean, its interval and seeds, and a line to it from the mean before; a square where it is that."""
    if before is not None:
        panel.plot([before.mean, one.mean], [y, y], color="#9aa0a6", linewidth=1)
    if one.interval is not None:
        panel.plot([one.interval.low, one.interval.high], [y, y], color=colour, linewidth=2.5, alpha=0.55)
    if len(one.by_seed) > 1:
        panel.plot(one.by_seed, [y] * len(one.by_seed), "|", color=colour, ms=7)
    marker, face = ("s", "white") if before is None else ("o", colour)
    panel.plot([one.mean], [y], marker, color=colour, mfc=face, ms=5.5)


def _alt(table: StudyTable, columns: Sequence[Column], axis: str | None) -> str:
    against = f" against {axis}" if axis else ""
    parts = []
    for column in columns:
        ends = [(row.name, row.scores[column]) for row in table.rows if column in row.scores]
        said = [f"{short(column, score.mean)} for {name}" for name, score in ends]
        parts.append(f"{column_title(column)}: {listed(said)}")
    return f"{table.benchmark}{against}, {over(len(table.seeds))}. {'. '.join(parts)}."
