"""Show scores with confidence intervals, and the differences to the headline sampler with theirs and tests."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hbir.evaluation.comparable import query_tables
from hbir.evaluation.difference_intervals import with_intervals
from hbir.evaluation.differences import Difference, compare
from hbir.evaluation.intervals import LEVEL, RESAMPLES, Resampled, resample
from hbir.evaluation.results import SamplerResults
from hbir.evaluation.significance import ALPHA
from hbir.reporting.columns import MISSING, Column
from hbir.reporting.markdown import escaped, headings, line
from hbir.reporting.numbers import bounds, change, effect_text, p_text
from hbir.reporting.scores import BenchmarkScores, Cell, benchmark_scores
from hbir.reporting.verdicts import too_few


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Hold one cell as it is shown."""

    text: str
    notes: tuple[str, ...] = ()
    """Of a difference: what may be said; then its p and its effect size."""
    clear: bool = False
    """Whether it is a difference that is significant after correction."""


@dataclass(frozen=True, kw_only=True)
class IntervalTable:
    """Hold the scores of one benchmark, and the headline's differences to the other samplers."""

    columns: tuple[Column, ...]
    scores: dict[str, list[Estimate]]
    """Sampler → a cell per column."""
    differences: dict[str, list[Estimate]]
    """Such as `hybrid − xx` → a cell per column."""
    clusters: dict[str, int]
    """Setting → number of clusters; those without scores per query are absent."""
    few: list[str]
    """Sentences on settings with too few clusters for a test."""


def interval_table(scores: BenchmarkScores, results: Sequence[SamplerResults], headline: str) -> IntervalTable:
    """Resample and test one benchmark.

    Args:
        scores: its tables.
        results: one entry per sampler.
        headline: the sampler whose differences to the others are shown.

    Returns:
        The table.
    """
    columns, tables = scores.main.columns, query_tables(results, scores.name)
    known = next(iter(tables.values())).column_names
    measures = list(dict.fromkeys(column.measure for column in columns if column.measure in known))
    resampled = resample(list(tables.values()), scores.name, measures)
    found = compare(tables, scores.name, headline, [(column.setting, column.measure) for column in columns])
    differences = {(one.other, one.setting, one.measure): one for one in with_intervals(found, tables)}
    return IntervalTable(
        columns=columns,
        scores={
            row.sampler: [
                _score(run, column, cell, resampled.get(column.setting), measures)
                for column, cell in zip(columns, row.cells, strict=True)
            ]
            for run, row in enumerate(scores.main.rows)
        },
        differences={
            f"{headline} − {other}": [
                _difference(column, differences.get((other, column.setting, column.measure)))
                for column in columns
            ]
            for other in tables
            if headline in tables and other != headline
        },
        clusters={setting: one.clusters for setting, one in resampled.items()},
        few=too_few(found, scores.name),
    )


def _score(run: int, column: Column, cell: Cell, found: Resampled | None, measures: Sequence[str]) -> Estimate:
    if found is None:
        return Estimate(text=cell.text)
    measure = measures.index(column.measure)
    value = float(found.means[run, measure])
    if math.isnan(value):
        return Estimate(text=MISSING)
    return Estimate(text=column.text(value).removeprefix("0") + bounds(column, found.interval(run, measure)))


def _difference(column: Column, one: Difference | None) -> Estimate:
    if one is None:
        return Estimate(text=MISSING)
    return Estimate(
        text=change(column, one.value) + bounds(column, one.interval),
        notes=(one.verdict, ", ".join(filter(None, (p_text(one.p), effect_text(one.effect))))),
        clear=one.verdict in ("better", "worse"),
    )


LEGEND = (
    f"[ ]: {100 * LEVEL:.0f} % percentile bootstrap over {RESAMPLES:,} resamples of the queries, the same "
    "for every sampler, translations of one query together. p: paired randomisation test over the same "
    "clusters of queries, two-sided, corrected by Holm for all comparisons of the benchmark's table. d: the "
    f"difference over its standard deviation between clusters. Bold, better, worse: p ≤ {ALPHA:g}. Both cover "
    "the choice of queries, not the training's seed (`hbir seeds --intervals`)."
)


def intervals_markdown(results: Sequence[SamplerResults], headline: str) -> str:
    """Write the main measure of every benchmark with intervals as GitHub Markdown.

    Args:
        results: one entry per sampler.
        headline: the sampler whose differences to the others are shown.

    Returns:
        Markdown that ends in a newline.
    """
    sections = []
    for scores in benchmark_scores(results):
        table = interval_table(scores, results, headline)
        shown = [i for i, c in enumerate(table.columns) if c.measure in (scores.main_measure, "rank_distance")]
        rows = [
            line([escaped(name), *(_marked(cells[index]) for index in shown)])
            for name, cells in (table.scores | table.differences).items()
        ]
        header = headings([table.columns[index] for index in shown])
        sections += [f"### {escaped(scores.name)}", escaped(scores.description), "\n".join([*header, *rows])]
        sections += table.few
    return "\n\n".join([*sections, LEGEND]) + "\n"


def intervals(results: Sequence[SamplerResults], headline: str) -> RenderableType:
    """Lay out the scores of every benchmark with intervals, a table per setting.

    Args:
        results: one entry per sampler.
        headline: the sampler whose differences to the others are shown.

    Returns:
        What a rich console prints.
    """
    parts: list[RenderableType] = []
    for scores in benchmark_scores(results):
        parts.append(
            Text.assemble(
                ("\n" if parts else "", ""), (scores.name, "bold"), f"  {scores.description}", overflow="fold"
            )
        )
        table = interval_table(scores, results, headline)
        parts += [*_tables(table), *map(Text, table.few)]
    return Group(*parts, Text("\n" + LEGEND + "\n", style="dim"))


def _tables(table: IntervalTable) -> Iterator[RenderableType]:
    for setting, members in groupby(enumerate(table.columns), key=lambda member: member[1].setting):
        shown = list(members)
        number = table.clusters.get(setting)
        title = shown[0][1].setting_name + (f", {number:,} clusters of queries" if number else "")
        yield Text()
        drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
        drawn.add_column("sampler", overflow="fold")
        for _, column in shown:
            drawn.add_column(column.name)
        for rows in (table.scores, table.differences):
            for name, cells in rows.items():
                texts = [_noted(cells[i]) for i, _ in shown]
                drawn.add_row(name, *texts)
            drawn.add_section()
        yield drawn


def _noted(cell: Estimate) -> Text:
    text = Text(cell.text, style="bold" if cell.clear else "")
    return text.append("".join(f"\n{note}" for note in cell.notes if note))


def _marked(cell: Estimate) -> str:
    shown = f"**{cell.text}**" if cell.clear else cell.text
    return " ".join([shown, ", ".join(filter(None, cell.notes))]).rstrip()
