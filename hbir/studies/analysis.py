"""Compare the rows of a table over seeds: means, intervals, tests against the reference, effect sizes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hbir.benchmarks.task import SETTINGS
from hbir.core.errors import DataError
from hbir.evaluation.bias_suite import BIAS_NAMES
from hbir.evaluation.comparable import query_tables, refuse_unlike
from hbir.evaluation.differences import Difference, Family, Verdict, compare
from hbir.evaluation.intervals import KEYS, Interval, resample
from hbir.evaluation.over_seeds import OverSeeds, averaged, resample_seeds
from hbir.evaluation.results import SamplerResults
from hbir.reporting.columns import Column, named_column
from hbir.studies.collect import Results
from hbir.studies.known import refuse_unknown
from hbir.studies.study_file import MAIN
from hbir.studies.study_table import Contrast, Score, StudyRow, StudyTable
from hbir.studies.tables import TablePlan

_OPPOSITE: dict[Verdict, Verdict] = {"better": "worse", "worse": "better", "higher": "lower", "lower": "higher"}


def analyse(
    table: TablePlan,
    results: Results,
    measures: Sequence[str],
    benchmarks: Sequence[str] = (),
    groups: bool = False,
) -> list[StudyTable]:
    """Compare the rows of a table on every benchmark.

    Args:
        table: which rows.
        results: seed → the rows' scores.
        measures: names; `main` stands for the main measure of each benchmark.
        benchmarks: which; empty for all.
        groups: whether to look at each group of queries too.

    Returns:
        A table per benchmark, and per group of its queries.

    Raises:
        DataError: when the rows were not scored on the same queries, or a benchmark is missing.
        ParamsError: when there is no such measure.
    """
    every = [result for one in results.values() for result in one]
    refuse_unlike(every)
    known = list(every[0].summaries)
    for name in benchmarks:
        if name not in known:
            raise DataError(
                where=f"scores of {every[0].sampler}",
                expected=f"the benchmark {name}",
                found=", ".join(known),
                hint="Mend `benchmarks` in the study.",
            )
    refuse_unknown(measures, every[0])
    found = []
    for name in benchmarks or known:
        tables = {seed: query_tables(one, name) for seed, one in results.items()}
        columns = _columns(every[0], name, measures)
        found += [
            _table(table, every[0], name, group, _within(tables, group), columns)
            for group in ("", *(_groups(tables) if groups else ()))
            if columns
        ]
    return found


def _table(
    plan: TablePlan,
    example: SamplerResults,
    benchmark: str,
    group: str,
    tables: Mapping[int, Mapping[str, pa.Table]],
    columns: Sequence[Column],
) -> StudyTable:
    over = _over_seeds(list(tables.values()), benchmark, columns)
    tests = _tests(list(tables.values()), benchmark, plan.reference, columns)
    shown = tuple(column for column in columns if column.setting in over)
    known = _Known(plan=plan, columns=columns, over=over, tests=tests)
    return StudyTable(
        title=plan.title,
        benchmark=benchmark,
        version=example.summaries[benchmark].task.version_and_precision,
        group=group,
        reference=plan.reference,
        columns=shown,
        rows=tuple(known.row(number, shown) for number in range(len(plan.rows))),
        seeds=tuple(tables),
        repeats=plan.repeats,
    )


@dataclass(frozen=True, kw_only=True)
class _Known:
    """Hold what was computed for a table."""

    plan: TablePlan
    columns: Sequence[Column]
    over: Mapping[str, OverSeeds]
    """By setting, of its measures in the order of the columns."""
    tests: Mapping[tuple[str, str, str], Difference]
    """Row, setting and measure → the reference's difference to it."""

    def row(self, number: int, columns: Sequence[Column]) -> StudyRow:
        """Put a row together."""
        planned = self.plan.rows[number]
        reference = [row.name for row in self.plan.rows].index(self.plan.reference)
        scores, contrasts = {}, {}
        for column in columns:
            found, measure = self.over[column.setting], self._place(column)
            values = found.by_seed[:, number, measure]  # (seeds,)
            if np.isnan(values).any():
                continue
            interval = found.resampled.interval(number, measure)
            scores[column] = Score(by_seed=tuple(map(float, values)), interval=interval)
            test = self.tests.get((planned.name, column.setting, column.measure))
            if test is not None:
                contrasts[column] = contrast(test, found.resampled.difference(number, reference, measure))
        return StudyRow(
            name=planned.name,
            sampler=planned.sampler,
            beside=planned.beside,
            scores=scores,
            contrasts=contrasts,
        )

    def _place(self, column: Column) -> int:
        return _measures(self.columns, column.setting).index(column.measure)


def contrast(test: Difference, interval: Interval | None) -> Contrast:
    """Turn the reference's difference to a row into the row's to the reference.

    Args:
        test: of the reference against the row.
        interval: of the row's difference to the reference.

    Returns:
        What the row shows.
    """
    verdict = test.verdict_within(interval)
    return Contrast(
        value=-test.value,
        interval=interval,
        p=test.p,
        effect=None if test.effect is None else -test.effect,
        verdict=_OPPOSITE.get(verdict, verdict),
        clusters=test.clusters,
        needed=test.needed,
    )


def _columns(example: SamplerResults, benchmark: str, measures: Sequence[str]) -> list[Column]:
    summary = example.summaries[benchmark]
    main = summary.task.main_measure
    names = dict.fromkeys(main if name == MAIN else name for name in measures)
    return [
        named_column(main, setting, name)
        for setting in SETTINGS
        for name in names
        if name in summary.settings.get(setting, {})
    ]


def _measures(columns: Sequence[Column], setting: str) -> list[str]:
    return [column.measure for column in columns if column.setting == setting]


def _over_seeds(
    seeds: Sequence[Mapping[str, pa.Table]], benchmark: str, columns: Sequence[Column]
) -> dict[str, OverSeeds]:
    """Resample each setting with its own measures alone: those of other settings would be empty columns."""
    found: dict[str, OverSeeds] = {}
    for setting in dict.fromkeys(column.setting for column in columns):
        measures = _measures(columns, setting)
        parts = [
            {
                name: table.filter(pc.equal(table["setting"], setting)).select([*KEYS, *measures])
                for name, table in one.items()
            }
            for one in seeds
        ]
        found |= (
            resample_seeds(parts, benchmark, measures)
            if len(parts) > 1
            else _one_seed(parts[0], benchmark, measures)
        )
    return found


def _one_seed(tables: Mapping[str, pa.Table], benchmark: str, measures: Sequence[str]) -> dict[str, OverSeeds]:
    """Resample the queries alone, where there is no spread between seeds to be seen."""
    found = resample(list(tables.values()), benchmark, measures)
    return {setting: OverSeeds(by_seed=one.means[None], resampled=one) for setting, one in found.items()}


def _tests(
    seeds: Sequence[Mapping[str, pa.Table]], benchmark: str, reference: str, columns: Sequence[Column]
) -> dict[tuple[str, str, str], Difference]:
    """Test every row against the reference; the measures of language bias are corrected for themselves."""
    tables = averaged(seeds, list(dict.fromkeys(column.measure for column in columns)))
    families: dict[Family, list[tuple[str, str]]] = {"scores": [], "bias": []}
    for column in columns:
        family: Family = "bias" if column.measure in BIAS_NAMES else "scores"
        families[family].append((column.setting, column.measure))
    found = [
        one
        for family, measured in families.items()
        for one in compare(tables, benchmark, reference, measured, family, seeds)
    ]
    return {(one.other, one.setting, one.measure): one for one in found}


def _groups(tables: Mapping[int, Mapping[str, pa.Table]]) -> list[str]:
    first = next(iter(next(iter(tables.values())).values()))
    return sorted(group for group in set(first["group"].to_pylist()) if group is not None)


def _within(tables: Mapping[int, Mapping[str, pa.Table]], group: str) -> Mapping[int, Mapping[str, pa.Table]]:
    if not group:
        return tables
    return {
        seed: {name: table.filter(pc.equal(table["group"], group)) for name, table in one.items()}
        for seed, one in tables.items()
    }
