"""Arrange what the page shows of one benchmark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hbir.evaluation.results import SamplerResults
from hbir.reporting.columns import SETTING_NAMES, Column
from hbir.reporting.heat import HeatMap, difference_map, differences, score_map
from hbir.reporting.plots import pair_scores
from hbir.reporting.scores import BenchmarkScores, Cell, ScoreTable, all_columns, score_table


@dataclass(frozen=True, kw_only=True)
class Card:
    """Hold one figure of the headline sampler."""

    column: Column
    text: str
    beside: str
    """How it compares to the best of the others."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Hold the bars of one column."""

    column: Column
    bars: tuple[tuple[str, Cell, float], ...]
    """Sampler, score, and the bar's length in per cent."""


@dataclass(frozen=True, kw_only=True)
class BenchmarkView:
    """Hold what the page shows of one benchmark."""

    scores: BenchmarkScores
    cards: list[Card]
    panels: list[Panel]
    maps: list[HeatMap]
    differences: list[HeatMap]
    every: ScoreTable
    counts: Mapping[str, Mapping[str, str]]
    """Name of a count → sampler → number."""


def benchmark_view(scores: BenchmarkScores, results: Sequence[SamplerResults], headline: str) -> BenchmarkView:
    """Arrange one benchmark.

    Args:
        scores: its tables.
        results: one entry per sampler.
        headline: the sampler to point at.

    Returns:
        What the page shows of it.
    """
    name = scores.name
    scored = [result for result in results if name in result.summaries]
    maps, changes = _language_maps(name, scored, headline, scores.task["languages"])
    return BenchmarkView(
        scores=scores,
        cards=_cards(scores.main, headline),
        panels=_panels(scores.main),
        maps=maps,
        differences=changes,
        every=score_table(
            [(result.sampler, "", result.summaries[name]["settings"]) for result in scored],
            all_columns(results, name),
        ),
        counts=_counts({result.sampler: result.summaries[name]["counts"] for result in scored}),
    )


def _cards(table: ScoreTable, headline: str) -> list[Card]:
    own = next((row for row in table.rows if row.sampler == headline), None)
    if own is None:
        return []
    shown = [i for i, column in enumerate(table.columns) if column.measure in ("map", "rank_distance")]
    others = [row for row in table.rows if row.sampler != headline]
    return [
        Card(
            column=table.columns[index],
            text=own.cells[index].text,
            beside=_beside(
                table.columns[index], own.cells[index], {row.sampler: row.cells[index] for row in others}
            ),
        )
        for index in shown
    ]


def _beside(column: Column, own: Cell, others: Mapping[str, Cell]) -> str:
    values = {sampler: cell.value for sampler, cell in others.items() if cell.value is not None}
    if own.value is None or not values:
        return ""
    best = min(values, key=lambda sampler: values[sampler] if column.lower_is_better else -values[sampler])
    change = own.value - values[best]
    distance = f"{column.text(abs(change))} {'above' if change > 0 else 'below'}"
    if own.text == column.text(values[best]):
        distance = "level with"
    return f"best, {distance} {best}" if own.best else f"{distance} {best}"


def _panels(table: ScoreTable) -> list[Panel]:
    panels = []
    for index, column in enumerate(table.columns):
        cells = [(row.sampler, row.cells[index]) for row in table.rows]
        full = max((cell.value or 0.0 for _, cell in cells), default=0.0) if column.lower_is_better else 1.0
        bars = tuple((name, cell, round(100 * (cell.value or 0.0) / (full or 1.0), 2)) for name, cell in cells)
        panels.append(Panel(column=column, bars=bars))
    return panels


def _language_maps(
    benchmark: str, results: Sequence[SamplerResults], headline: str, langs: Sequence[str]
) -> tuple[list[HeatMap], list[HeatMap]]:
    """Return the maps per sampler and of the headline's differences; none for a single language."""
    if len(langs) < 2:
        return [], []
    scores = {result.sampler: pair_scores(result, benchmark) for result in results}
    maps = [score_map(sampler, langs, pairs) for sampler, pairs in scores.items()]
    own = scores.get(headline, {})
    others = {sampler: pairs for sampler, pairs in scores.items() if sampler != headline}
    largest = max((abs(d) for pairs in others.values() for d in differences(own, pairs).values()), default=0.0)
    changes = [
        difference_map(f"{headline} − {name}", langs, own, pairs, largest) for name, pairs in others.items()
    ]
    return maps, changes if own else []


def _counts(counts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {}
    for sampler, named in counts.items():
        for name, value in named.items():
            parts = value.items() if isinstance(value, dict) else [("", value)]
            for part, number in parts:
                label = name.replace("_", " ") + (f", {SETTING_NAMES.get(part, part)}" if part else "")
                table.setdefault(label, {})[sampler] = f"{number:,}"
    return table
