"""Draw a table of a study as SVG: curves where its rows are numbers, else a dot per row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hbir.reporting.numbers import short
from hbir.studies.analysis import Score, StudyRow, StudyTable
from hbir.studies.conclusions import column_title
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
            scores = {row.name: row.scores[column] for row in table.rows if column in row.scores}
            if axis:
                _curves(panel, table, scores, axis)
            else:
                _dots(panel, table, scores)
            panel.set_title(column_title(column), fontsize=9)
            panel.spines[["top", "right"]].set_visible(False)
            panel.grid(color="#dddddd", linewidth=0.5)
        _legend(figure, panels[0])
        what = f"{table.benchmark}{f', {table.title}' if table.title else ''}"
        figure.savefig(path, format="svg", metadata={"Date": None, "Title": what, "Description": alt})
    return Drawing(path=path, alt=alt)


def series_of(rows: Sequence[StudyRow]) -> dict[str, list[tuple[float, str]]]:
    """Group the rows of a curve.

    Args:
        rows: named `<series>-<number>`, or by the number alone.

    Returns:
        Series → number and row, in the order of the numbers; those beside the curve are left out.
    """
    found: dict[str, list[tuple[float, str]]] = {}
    for row in rows:
        if not row.beside:
            series, _, number = row.name.rpartition("-")
            found.setdefault(series, []).append((float(number), row.name))
    return {name: sorted(points) for name, points in found.items()}


def _curves(panel: Any, table: StudyTable, scores: Mapping[str, Score], axis: str) -> None:
    number = 0
    for name, points in series_of(table.rows).items():
        there = [(x, scores[row]) for x, row in points if row in scores]
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        xs = [x for x, _ in there]
        panel.plot(xs, [one.mean for _, one in there], color=colour, marker=marker, ms=4, label=name or "mean")
        bounded = [(x, one.interval) for x, one in there if one.interval is not None]
        panel.fill_between(
            [x for x, _ in bounded],
            [bound.low for _, bound in bounded],
            [bound.high for _, bound in bounded],
            color=colour,
            alpha=0.2,
            linewidth=0,
        )
        for x, one in there:
            panel.plot([x] * len(one.by_seed), one.by_seed, ".", color=colour, ms=3, alpha=0.6)
        number += 1
    for row in table.rows:
        if row.beside and row.name in scores:
            colour, style = COLOURS[number % len(COLOURS)], ("--", ":", "-.")[number % 3]
            panel.axhline(scores[row.name].mean, color=colour, linestyle=style, label=row.name)
            number += 1
    panel.set_xlabel(axis)


def _dots(panel: Any, table: StudyTable, scores: Mapping[str, Score]) -> None:
    names = [row.name for row in table.rows]
    for place, name in enumerate(names):
        if name not in scores:
            continue
        one, y = scores[name], len(names) - 1 - place
        colour = COLOURS[1] if name == table.reference else COLOURS[0]
        if one.interval is not None:
            panel.plot([one.interval.low, one.interval.high], [y, y], color=colour, linewidth=1.5)
        panel.plot(one.by_seed, [y] * len(one.by_seed), "|", color=colour, ms=7)
        panel.plot([one.mean], [y], "s" if name == table.reference else "o", color=colour, ms=5)
    panel.set_yticks(range(len(names)), reversed(names))
    panel.set_ylim(-0.6, len(names) - 0.4)


def _legend(figure: Any, panel: Any) -> None:
    handles, labels = panel.get_legend_handles_labels()
    if len(labels) > 1:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(labels)), frameon=False)


def _alt(table: StudyTable, axis: str | None) -> str:
    against = f" against {axis}" if axis else ""
    parts = []
    for column in table.columns:
        ends = [(row.name, row.scores[column]) for row in table.rows if column in row.scores]
        said = [f"{short(column, score.mean)} for {name}" for name, score in ends]
        parts.append(f"{column_title(column)}: {listed(said)}")
    return f"{table.benchmark}{against}, means over {len(table.seeds)} seeds. {'. '.join(parts)}."
