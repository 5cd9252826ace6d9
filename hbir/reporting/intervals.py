"""Show scores with confidence intervals, and the differences to the headline sampler with theirs."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hbir.core.files import read_table
from hbir.evaluation.cells import queries_schema_of
from hbir.evaluation.intervals import LEVEL, RESAMPLES, Interval, Resampled, resample
from hbir.evaluation.results import QUERIES, SamplerResults
from hbir.reporting.columns import MISSING, Column
from hbir.reporting.markdown import escaped, headings, line
from hbir.reporting.scores import BenchmarkScores, Cell, benchmark_scores


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Hold one cell as it is shown."""

    text: str
    clear: bool = False
    """Whether it is a difference whose interval leaves out 0."""


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


def interval_table(scores: BenchmarkScores, results: Sequence[SamplerResults], headline: str) -> IntervalTable:
    """Resample one benchmark.

    Args:
        scores: its tables.
        results: one entry per sampler.
        headline: the sampler whose differences to the others are shown.

    Returns:
        The table.
    """
    columns = scores.main.columns
    folders = [result.folder / scores.name for result in results if scores.name in result.summaries]
    tables = [read_table(folder / QUERIES, queries_schema_of) for folder in folders]
    measures = list(dict.fromkeys(c.measure for c in columns if c.measure in tables[0].column_names))
    resampled = resample(tables, scores.name, measures)
    samplers = [row.sampler for row in scores.main.rows]
    arranged = _Arranged(columns, measures, resampled)
    leading = samplers.index(headline) if headline in samplers else None
    return IntervalTable(
        columns=columns,
        scores={row.sampler: arranged.scores(run, row.cells) for run, row in enumerate(scores.main.rows)},
        differences={
            f"{headline} − {sampler}": arranged.differences(leading, other)
            for other, sampler in enumerate(samplers)
            if leading is not None and other != leading
        },
        clusters={setting: found.clusters for setting, found in resampled.items()},
    )


@dataclass(frozen=True)
class _Arranged:
    columns: tuple[Column, ...]
    measures: list[str]
    resampled: dict[str, Resampled]

    def scores(self, run: int, cells: Sequence[Cell]) -> list[Estimate]:
        return [self._score(run, column, cell) for column, cell in zip(self.columns, cells, strict=True)]

    def differences(self, leading: int, other: int) -> list[Estimate]:
        return [self._difference(leading, other, column) for column in self.columns]

    def _score(self, run: int, column: Column, cell: Cell) -> Estimate:
        found = self.resampled.get(column.setting)
        if found is None:
            return Estimate(text=cell.text)
        measure = self.measures.index(column.measure)
        value = float(found.means[run, measure])
        if math.isnan(value):
            return Estimate(text=MISSING)
        return Estimate(
            text=column.text(value).removeprefix("0") + _bounds(column, found.interval(run, measure))
        )

    def _difference(self, leading: int, other: int, column: Column) -> Estimate:
        found = self.resampled.get(column.setting)
        measure = self.measures.index(column.measure) if found else 0
        if found is None or math.isnan(
            change := float(found.means[leading, measure] - found.means[other, measure])
        ):
            return Estimate(text=MISSING)
        bounds = found.difference(leading, other, measure)
        text = _short(column, change)
        return Estimate(
            text=("" if text.startswith("−") else "+") + text + _bounds(column, bounds),
            clear=bounds is not None and (bounds.low > 0 or bounds.high < 0),
        )


def _bounds(column: Column, bounds: Interval | None) -> str:
    return "" if bounds is None else f" [{_short(column, bounds.low)}, {_short(column, bounds.high)}]"


def _short(column: Column, value: float) -> str:
    digits = 0 if column.lower_is_better else 3
    text = f"{round(value, digits) + 0.0:,.{digits}f}"  # + 0.0, for a zero has no sign
    return re.sub(r"^(-?)0\.", r"\1.", text).replace("-", "−")


LEGEND = (
    f"[ ]: {100 * LEVEL:.0f} % percentile bootstrap over {RESAMPLES:,} resamples of the queries, the same "
    "for every sampler, translations of one query together. It covers the choice of queries, not the "
    "training's seed (`hbir seeds`); nothing is corrected for the number of comparisons. Bold: a difference "
    "whose interval leaves out 0."
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
        parts += _tables(interval_table(scores, results, headline))
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
                texts = [Text(cells[i].text, style="bold" if cells[i].clear else "") for i, _ in shown]
                drawn.add_row(name, *texts)
            drawn.add_section()
        yield drawn


def _marked(cell: Estimate) -> str:
    return f"**{cell.text}**" if cell.clear else cell.text
