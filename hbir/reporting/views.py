"""Arrange what the page shows of one benchmark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hbir.evaluation.results import SamplerResults
from hbir.reporting.bias import BiasView, bias_view
from hbir.reporting.columns import MISSING, SETTING_NAMES, Column, named_column
from hbir.reporting.language_maps import LanguageMaps, language_maps
from hbir.reporting.plots import pair_scores
from hbir.reporting.scores import BenchmarkScores, Cell, ScoreTable, all_columns, score_table
from hbir.reporting.tests_view import TestsView, tests_view
from hbir.reporting.verdicts import Found, VerdictRow, bias_rows, overall


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
    tests: TestsView
    panels: list[Panel]
    maps: LanguageMaps
    bias: BiasView
    bias_verdicts: list[VerdictRow]
    every: ScoreTable
    counts: Mapping[str, Mapping[str, str]]
    """Name of a count → sampler → number."""


@dataclass(frozen=True, kw_only=True)
class OverviewLine:
    """Hold one line of the table of all benchmarks."""

    number: int
    """Of the benchmark on the page, from 1."""
    benchmark: str
    column: Column
    cells: tuple[Cell, ...]
    """One per sampler."""


NONE = Cell(value=None, text=MISSING, best=False)


def benchmark_view(
    scores: BenchmarkScores,
    results: Sequence[SamplerResults],
    headline: str,
    found: Found = None,
) -> BenchmarkView:
    """Arrange one benchmark.

    Args:
        scores: its tables.
        results: one entry per sampler.
        headline: the sampler to point at.
        found: the headline's differences to the others, also on other benchmarks.

    Returns:
        What the page shows of it.
    """
    name = scores.name
    scored = [result for result in results if name in result.summaries]
    main = named_column(scores.main_measure, "", scores.main_measure).name
    bias = bias_view(results, name, scores.task.languages)
    pairs = {result.sampler: pair_scores(result, name) for result in scored}
    return BenchmarkView(
        scores=scores,
        cards=_cards(scores, headline, found),
        tests=tests_view(scores, found),
        bias_verdicts=bias_rows(name, bias.table.columns, found),
        panels=_panels(scores.main),
        maps=language_maps(pairs, headline, scores.task.languages, main),
        bias=bias,
        every=score_table(
            [(result.sampler, "", result.summaries[name].settings) for result in scored],
            all_columns(results, name),
        ),
        counts=_counts({result.sampler: result.summaries[name].counts.known() for result in scored}),
    )


def overview(benchmarks: Sequence[BenchmarkScores], results: Sequence[SamplerResults]) -> list[OverviewLine]:
    """Gather the main measure of every benchmark.

    Args:
        benchmarks: their tables.
        results: one entry per sampler.

    Returns:
        A line per benchmark and setting.
    """
    return [
        OverviewLine(
            number=number,
            benchmark=scores.name,
            column=column,
            cells=tuple(
                next((row.cells[index] for row in scores.main.rows if row.sampler == result.sampler), NONE)
                for result in results
            ),
        )
        for number, scores in enumerate(benchmarks, start=1)
        for index, column in enumerate(scores.main.columns)
        if column.measure in (scores.main_measure, "rank_distance")
    ]


def _cards(scores: BenchmarkScores, headline: str, found: Found) -> list[Card]:
    table = scores.main
    leading = next((row for row in table.rows if row.sampler == headline), None)
    if leading is None:
        return []
    wanted = (scores.main_measure, "rank_distance")
    shown = [(index, column) for index, column in enumerate(table.columns) if column.measure in wanted]
    others = [row for row in table.rows if row.sampler != headline]
    verdicts = {(one.other, one.setting, one.measure): one.verdict for one in overall(found, scores.name)}
    return [
        Card(
            column=column,
            text=leading.cells[index].text,
            beside=_beside(
                column, leading.cells[index], {row.sampler: row.cells[index] for row in others}, verdicts
            ),
        )
        for index, column in shown
    ]


def _beside(
    column: Column, leading: Cell, others: Mapping[str, Cell], verdicts: Mapping[tuple[str, str, str], str]
) -> str:
    values = {sampler: cell.value for sampler, cell in others.items() if cell.value is not None}
    if leading.value is None or not values:
        return ""
    best = min(values, key=lambda sampler: values[sampler] if column.lower_is_better else -values[sampler])
    change = leading.value - values[best]
    distance = f"{column.text(abs(change))} {'above' if change > 0 else 'below'}"
    if leading.text == column.text(values[best]):
        distance = "level with"
    verdict = verdicts.get((best, column.setting, column.measure))
    said = f"{distance} {best}" + (f": {verdict}" if verdict else "")
    return f"best, {said}" if leading.best and verdict in (None, "better") else said


def _panels(table: ScoreTable) -> list[Panel]:
    panels = []
    for index, column in enumerate(table.columns):
        cells = [(row.sampler, row.cells[index]) for row in table.rows]
        full = max((cell.value or 0.0 for _, cell in cells), default=0.0) if column.in_ranks else 1.0
        lengths = [round(100 * max(cell.value or 0.0, 0.0) / (full or 1.0), 2) for _, cell in cells]
        bars = tuple((*named, length) for named, length in zip(cells, lengths, strict=True))
        panels.append(Panel(column=column, bars=bars))
    return panels


def _counts(counts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {}
    for sampler, named in counts.items():
        for name, value in named.items():
            parts = value.items() if isinstance(value, dict) else [("", value)]
            for part, number in parts:
                label = name.replace("_", " ") + (f", {SETTING_NAMES.get(part, part)}" if part else "")
                table.setdefault(label, {})[sampler] = f"{number:,}"
    return table
