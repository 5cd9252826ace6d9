"""Arrange the scores of several samplers in tables, the best of each column marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from hbir.evaluation.results import SamplerResults
from hbir.evaluation.summary import ScoredTask
from hbir.reporting.bias_names import BIAS_NAMES, FEW
from hbir.reporting.columns import MEASURE_NAMES, SETTING_NAMES, Column, headline_columns, named_column

Settings = Mapping[str, Mapping[str, float]]
"""Setting → measure → score."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Hold one score of a table."""

    value: float | None
    text: str
    best: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """Hold the scores of one sampler."""

    sampler: str
    note: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class ScoreTable:
    """Hold samplers × columns."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def settings(self) -> list[tuple[str, int]]:
        """Return each setting's name and its number of columns, in their order."""
        names = groupby(self.columns, key=lambda column: column.setting_name)
        return [(name, len(list(members))) for name, members in names]


@dataclass(frozen=True, kw_only=True)
class BenchmarkScores:
    """Hold every table of one benchmark."""

    name: str
    task: ScoredTask
    main: ScoreTable
    """The best checkpoints."""
    final: ScoreTable | None
    """Best and final checkpoint of those samplers in which they differ."""
    groups: Mapping[str, ScoreTable]
    """The best checkpoints on each group of queries."""
    bias: ScoreTable
    """Language bias of the best checkpoints, as far as a terminal has room; without columns where none is."""

    @property
    def description(self) -> str:
        """Describe the benchmark in one line; mteb's tasks without retrieval have no queries and passages."""
        languages = len(self.task.languages)
        plural = "language" if languages == 1 else "languages"
        sizes = _sizes(self.task)
        return " · ".join([self.task.version_and_precision, f"{languages} {plural}", *sizes])

    @property
    def main_measure(self) -> str:
        """Return what stands for the benchmark where there is room for one measure."""
        return self.task.main_measure


def benchmark_scores(results: Sequence[SamplerResults]) -> list[BenchmarkScores]:
    """Arrange the scores of every benchmark.

    Args:
        results: one entry per sampler, in the order of the rows.

    Returns:
        One entry per benchmark, in the order in which the samplers list them.
    """
    names = dict.fromkeys(name for result in results for name in result.summaries)
    return [_one(name, results) for name in names]


def score_table(
    rows: Sequence[tuple[str, str, Settings]], columns: Sequence[Column], mark: bool = True
) -> ScoreTable:
    """Lay scores out and mark the best of each column.

    Args:
        rows: sampler, note on it, and its scores.
        columns: what to show; a column for which no row has a score is dropped.
        mark: whether to mark the best.

    Returns:
        The table. Scores that read the same are equal: all of them are the best. A column with one score has
        none.
    """
    shown = [_column_cells(column, [_value(row[2], column) for row in rows], mark) for column in columns]
    kept = [index for index, cells in enumerate(shown) if any(cell.value is not None for cell in cells)]
    return ScoreTable(
        columns=tuple(columns[index] for index in kept),
        rows=tuple(
            Row(sampler=sampler, note=note, cells=tuple(shown[index][number] for index in kept))
            for number, (sampler, note, _) in enumerate(rows)
        ),
    )


def all_columns(results: Sequence[SamplerResults], benchmark: str) -> list[Column]:
    """List every measure that a benchmark was scored with.

    Args:
        results: one entry per sampler.
        benchmark: its name.

    Returns:
        The columns: settings, then measures in the order of MEASURE_NAMES, then those that only mteb has;
        without those of language bias, which have a table of their own.
    """
    summaries = [result.summaries[benchmark] for result in results if benchmark in result.summaries]
    found = {
        (setting, measure)
        for summary in summaries
        for setting, scores in summary.settings.items()
        for measure in scores
    }
    order = [*MEASURE_NAMES, *sorted({measure for _, measure in found}.difference(MEASURE_NAMES))]
    main = summaries[0].task.main_measure
    return [
        named_column(main, s, m)
        for s in SETTING_NAMES
        for m in order
        if (s, m) in found and m not in BIAS_NAMES
    ]


def _sizes(task: ScoredTask) -> list[str]:
    sizes = {"queries": task.queries, "passages": task.passages}
    return [f"{number:,} {side}" for side, number in sizes.items() if number]


def _one(name: str, results: Sequence[SamplerResults]) -> BenchmarkScores:
    scored = [result for result in results if name in result.summaries]
    summaries = [(result.sampler, result.summaries[name]) for result in scored]
    groups = dict.fromkeys(group for _, summary in summaries for group in summary.groups)
    task = summaries[0][1].task
    columns = headline_columns(task.measures)
    bias = [Column(setting="multilingual", measure=measure) for measure in FEW]
    return BenchmarkScores(
        name=name,
        task=task,
        main=score_table([(sampler, "", summary.settings) for sampler, summary in summaries], columns),
        final=_final(name, scored, columns),
        bias=score_table([(sampler, "", summary.settings) for sampler, summary in summaries], bias),
        groups={
            group: score_table(
                [(sampler, group, summary.groups.get(group, {})) for sampler, summary in summaries], columns
            )
            for group in groups
        },
    )


def _final(name: str, results: Sequence[SamplerResults], columns: Sequence[Column]) -> ScoreTable | None:
    rows = []
    for result in results:
        training = result.training
        best, final = (training.best.step, training.final.step) if training else (0, 0)
        if best != final and result.final[name]:
            rows.append((result.sampler, f"best {best:,}", result.summaries[name].settings))
            rows.append((result.sampler, f"final {final:,}", result.final[name]))
    return score_table(rows, columns, mark=False) if rows else None


def _value(settings: Settings, column: Column) -> float | None:
    return settings.get(column.setting, {}).get(column.measure)


def _column_cells(column: Column, values: Sequence[float | None], mark: bool) -> list[Cell]:
    present = [value for value in values if value is not None]
    best = None
    if mark and column.has_best and len(present) > 1:
        best = column.text(min(present) if column.lower_is_better else max(present))
    return [Cell(value=v, text=column.text(v), best=v is not None and column.text(v) == best) for v in values]
