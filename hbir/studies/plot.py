"""Draw a table of a study as SVG: curves where its rows are numbers, else a dot per row."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hbir.core.rows import find_row
from hbir.reporting.columns import Column
from hbir.reporting.numbers import short
from hbir.studies.conclusions import column_title
from hbir.studies.curves import series_of
from hbir.studies.study_table import Score, StudyTable
from hbir.studies.words import listed

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#c4639b", "#d98c00", "#4d4d4d", "#56a0d3")
"""Can be told apart by readers with any colour vision (after Okabe & Ito), and differ in their markers too."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
PANELS = 3
"""In a row."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Hold a file of a drawing."""

    path: Path
    alt: str
    """What it shows, for whoever cannot see it."""


def draw(table: StudyTable, axis: str | None, path: Path) -> Drawing:
    """Draw every column of a table in a panel of its own.

    Args:
        table: rows beside their reference.
        axis: the param that the last number of each row's name is of; None to draw a dot per row.
        path: of the SVG file.

    Returns:
        The drawing. The same table gives the same bytes.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    columns = list(table.columns)
    lines = -(-len(columns) // PANELS)
    wide = min(PANELS, len(columns))
    tall = 2.6 if axis else 0.9 + 0.28 * len(table.rows)
    alt = _alt(table, axis)
    with rc_context({"svg.hashsalt": "hbir", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(3.4 * wide, tall * lines + 0.5), layout="constrained")
        panels = figure.subplots(lines, wide, squeeze=False).ravel()
        for panel in panels[len(columns) :]:
            panel.set_visible(False)
        for panel, column in zip(panels, columns, strict=False):
            if axis:
                _curves(panel, table, column, axis)
            else:
                _dots(panel, table, column)
            panel.set_title(column_title(column), fontsize=9)
            panel.spines[["top", "right"]].set_visible(False)
            panel.grid(color="#dddddd", linewidth=0.5)
        _legend(figure, panels[0])
        what = f"{table.benchmark}{f', {table.title}' if table.title else ''}"
        figure.savefig(path, format="svg", metadata={"Date": None, "Title": what, "Description": alt})
    return Drawing(path=path, alt=alt)


def _curves(panel: Any, table: StudyTable, column: Column, axis: str) -> None:
    series = series_of(table.rows)
    for number, (name, points) in enumerate(series.items()):
        _curve(panel, name, [(x, row.scores[column]) for x, row in points if column in row.scores], number)
    drawn = {row.name for points in series.values() for _, row in points}
    lines = [row for row in table.rows if row.name not in drawn and column in row.scores]
    for number, row in enumerate(lines):
        colour = _colour(row.sampler, len(series) + number)
        style = ("--", ":", "-.")[number % 3]
        panel.axhline(row.scores[column].mean, color=colour, linestyle=style, label=row.name)
    panel.set_xlabel(axis)


def _curve(panel: Any, name: str, points: Sequence[tuple[float, Score]], number: int) -> None:
    """Draw the means with a band of their intervals, and a dot for each seed."""
    colour, marker = _colour(name, number), MARKERS[number % len(MARKERS)]
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


def _dots(panel: Any, table: StudyTable, column: Column) -> None:
    names = [row.name for row in table.rows]
    own = len({row.sampler for row in table.rows}) > 1
    for place, row in enumerate(table.rows):
        if column not in row.scores:
            continue
        one, y, is_reference = row.scores[column], len(names) - 1 - place, row.name == table.reference
        colour = _colour(row.sampler, place) if own else COLOURS[1 if is_reference else 0]
        if one.interval is not None:
            panel.plot([one.interval.low, one.interval.high], [y, y], color=colour, linewidth=1.5)
        panel.plot(one.by_seed, [y] * len(one.by_seed), "|", color=colour, ms=7)
        panel.plot([one.mean], [y], "s" if is_reference else "o", color=colour, ms=5)
    panel.set_yticks(range(len(names)), reversed(names))
    panel.set_ylim(-0.6, len(names) - 0.4)


def _colour(name: str, number: int) -> str:
    row = find_row(name)
    return row.colour if row else COLOURS[number % len(COLOURS)]


def _legend(figure: Any, panel: Any) -> None:
    handles, labels = panel.get_legend_handles_labels()
    if len(labels) > 1:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(labels)), frameon=False)


def _over(seeds: int) -> str:
    return f"means over {seeds} seeds" if seeds > 1 else "one seed"


def _alt(table: StudyTable, axis: str | None) -> str:
    against = f" against {axis}" if axis else ""
    parts = []
    for column in table.columns:
        ends = [(row.name, row.scores[column]) for row in table.rows if column in row.scores]
        said = [f"{short(column, score.mean)} for {name}" for name, score in ends]
        parts.append(f"{column_title(column)}: {listed(said)}")
    return f"{table.benchmark}{against}, {_over(len(table.seeds))}. {'. '.join(parts)}."
