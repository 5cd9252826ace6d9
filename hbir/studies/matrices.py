"""Draw matrices of query language × passage language below each other, on one scale."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hbir.reporting.bias import preference_summary
from hbir.reporting.heat import HeatMap, Names, Pairs, difference_map, means_summary, score_map
from hbir.studies.evidence import Evidence
from hbir.studies.ink import Drawing, named, saved, sheet
from hbir.studies.words import listed

MORE, LESS = (0.0, 0.27, 0.48), (0.70, 0.33, 0.0)
"""The full colours, blue and orange: told apart with any colour vision, and as dark as each other."""
DARK = 0.72
"""Strength from which white letters stand out more than black ones."""


def score_matrices(evidence: Evidence, rows: Sequence[str], path: Path) -> Drawing | None:
    """Draw the main measure by languages; the diagonal is monolingual.

    Args:
        evidence: of one benchmark.
        rows: which of them, from top to bottom.
        path: of the SVG file.

    Returns:
        The drawing; None where there are no pairs of several languages, or no such row.
    """
    shown = {name: evidence.pairs[name] for name in rows if name in evidence.pairs}
    axes = _axes(evidence, shown)
    if len(axes[0]) < 2 or len(axes[1]) < 2:
        return None
    maps = [score_map(name, means_summary(pairs), axes, pairs) for name, pairs in shown.items()]
    what = f"{named(evidence.benchmark, evidence.title)}: score of queries in the row's language over passages "
    return _drawn(maps, path, what + "in the column's language, 0 to 1")


def preference_matrices(evidence: Evidence, rows: Sequence[str], path: Path) -> Drawing | None:
    """Draw which languages the first ten passages of queries are in, beyond those languages' share of the pool.

    Args:
        evidence: of one benchmark.
        rows: which of them, from top to bottom.
        path: of the SVG file.

    Returns:
        The drawing; None where scores hold nothing of it, or there is no such row.
    """
    shown = {name: evidence.preferences[name] for name in rows if name in evidence.preferences}
    axes = _axes(evidence, shown)
    if len(axes[1]) < 2:
        return None
    largest = max(abs(value) for pairs in shown.values() for value in pairs.values())
    maps = [
        difference_map(name, preference_summary(pairs), axes, pairs, largest) for name, pairs in shown.items()
    ]
    what = f"{named(evidence.benchmark, evidence.title)}: share of the first ten passages in the column's "
    return _drawn(
        maps, path, what + "language of queries in the row's, minus that language's share of the pool"
    )


def _axes(evidence: Evidence, shown: Mapping[str, Pairs]) -> Names:
    pairs = {pair for one in shown.values() for pair in one}
    queries, passages = (
        [lang for lang in evidence.languages if lang in {pair[side] for pair in pairs}] for side in (0, 1)
    )
    return queries, passages


def _drawn(maps: Sequence[HeatMap], path: Path, what: str) -> Drawing:
    height = sum(0.75 + 0.24 * len(one.rows) for one in maps)
    with sheet(height) as figure:
        panels = figure.subplots(len(maps), 1, squeeze=False).ravel()
        for panel, one in zip(panels, maps, strict=True):
            _matrix(panel, one)
        figure.supylabel("language of the query", fontsize=9)
        figure.supxlabel("language of the passages", fontsize=9)
        said = [f"{one.title}: {one.summary}" if one.summary else one.title for one in maps]
        return saved(figure, path, what.partition(":")[0], f"{what}. {listed(said)}.")


def _matrix(panel: Any, one: HeatMap) -> None:
    colours = [
        [_mixed(cell.strength, MORE if cell.kind == "more" else LESS) for cell in row] for row in one.rows
    ]
    panel.imshow(colours, aspect="auto")
    for y, row in enumerate(one.rows):
        for x, cell in enumerate(row):
            ink = "white" if cell.strength > DARK else "black"
            panel.text(x, y, cell.text, ha="center", va="center", fontsize=8, color=ink)
    panel.set_xticks(range(len(one.column_names)), one.column_names)
    panel.set_yticks(range(len(one.row_names)), one.row_names)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    panel.set_title(f"{one.title}: {one.summary}" if one.summary else one.title, fontsize=9, loc="left")


def _mixed(strength: float, colour: tuple[float, float, float]) -> list[float]:
    """Mix a colour with white; 0 gives white."""
    return [1 - strength * (1 - part) for part in colour]
