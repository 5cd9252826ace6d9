"""Refuse to compare scores that are not of the same queries of the same benchmarks, and name what differs."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa

from hbir.benchmarks.task import SETTINGS
from hbir.core.errors import DataError
from hbir.core.files import read_table
from hbir.core.rival_record import RivalRecord
from hbir.evaluation.cells import queries_schema_of
from hbir.evaluation.contributions import Layout, in_setting, macro_mean
from hbir.evaluation.intervals import KEYS
from hbir.evaluation.results import QUERIES, SamplerResults
from hbir.evaluation.summary import ScoredTask, Summary

HINT = "Run `dvc repro`, which scores every sampler on one version of each benchmark."
SHOWN = 3
"""So many names are listed."""


def refuse_unlike(results: Sequence[SamplerResults]) -> None:
    """Check that all samplers were scored on the same benchmarks.

    Args:
        results: one entry per sampler.

    Raises:
        DataError: when one lacks a benchmark that another has, or was scored on another version, other
            languages or another number of queries or passages, in another precision, or by other measures.
    """
    for result in results[1:]:
        _refuse_other_benchmarks(results[0], result)
        for name, summary in result.summaries.items():
            _refuse_other_task(name, results[0], result.sampler, summary.task)


def query_tables(results: Sequence[SamplerResults], benchmark: str) -> dict[str, pa.Table]:
    """Read the scores per query of one benchmark.

    Args:
        results: one entry per sampler.
        benchmark: its name.

    Returns:
        Sampler → table, of the samplers that were scored on it; all have the same queries in the same order.

    Raises:
        DataError: when a file is missing or broken, is not the one that the summary beside it was made from, or
            holds other queries than another sampler's.
    """
    scored = [result for result in results if benchmark in result.summaries]
    tables = {}
    for result in scored:
        path = result.folder / benchmark / QUERIES
        tables[result.sampler] = read_table(path, queries_schema_of)
        _refuse_stale(path, tables[result.sampler], result.summaries[benchmark])
    _refuse_other_queries(benchmark, tables)
    return tables


def has_queries(results: Sequence[SamplerResults], benchmark: str) -> bool:
    """Tell whether there are scores per query.

    Args:
        results: one entry per sampler.
        benchmark: its name.

    Returns:
        Whether every sampler that was scored on the benchmark has the file.
    """
    scored = [result for result in results if benchmark in result.summaries]
    return all((result.folder / benchmark / QUERIES).is_file() for result in scored)


def _refuse_other_benchmarks(first: SamplerResults, other: SamplerResults) -> None:
    unscored = other.record.unscored if isinstance(other.record, RivalRecord) else ()
    missing = (first.summaries.keys() ^ other.summaries.keys()) - set(unscored)
    if not missing:
        return
    named = [result.sampler for result in (first, other) if missing - result.summaries.keys()]
    raise DataError(
        where=f"scores of {first.sampler} and {other.sampler}",
        expected="the same benchmarks",
        found=f"{_listed(missing)} missing for {' and '.join(named)}",
        hint=HINT,
    )


def _refuse_other_task(benchmark: str, first: SamplerResults, sampler: str, task: ScoredTask) -> None:
    expected = first.summaries[benchmark].task
    for field in fields(ScoredTask):
        one, other = getattr(expected, field.name), getattr(task, field.name)
        if one != other:
            raise DataError(
                where=f"scores of benchmark {benchmark}",
                expected=f"the same {field.name} for every sampler",
                found=f"{_plain(one)} for {first.sampler} and {_plain(other)} for {sampler}",
                hint=HINT,
            )


def _refuse_stale(path: Path, table: pa.Table, summary: Summary) -> None:
    """Compare the means of a table with those of the summary beside it."""
    for setting in SETTINGS:
        [rows] = in_setting([table], setting)
        layout = Layout.of(rows)
        for measure, expected in summary.settings.get(setting, {}).items():
            known = measure in rows.column_names
            found = macro_mean(layout, rows[measure].to_numpy()) if known else None
            if found is None or not math.isclose(found, expected, rel_tol=1e-6, abs_tol=1e-9):
                raise DataError(
                    where=str(path),
                    expected=f"the queries of its summary ({setting} {measure} {expected:.6g})",
                    found="none" if found is None else f"others ({found:.6g})",
                    hint="It is stale. Delete its folder and run `dvc repro`, which scores again.",
                )


def _refuse_other_queries(benchmark: str, tables: Mapping[str, pa.Table]) -> None:
    keys = {sampler: table.select(list(KEYS)) for sampler, table in tables.items()}
    first = next(iter(keys), "")
    for sampler, found in keys.items():
        expected = keys[first]
        if not found.equals(expected):
            raise DataError(
                where=f"scores of benchmark {benchmark}",
                expected="the same queries and pools for every sampler",
                found=_difference(first, _places(expected), sampler, _places(found)),
                hint=HINT,
            )


def _places(table: pa.Table) -> set[tuple[str, ...]]:
    return set(zip(*(table[key].to_pylist() for key in KEYS), strict=True))


def _difference(one: str, ones: set[tuple[str, ...]], other: str, others: set[tuple[str, ...]]) -> str:
    parts = []
    for sampler, more in ((one, ones - others), (other, others - ones)):
        if more:
            setting, query, _, _, pool = min(more)
            parts.append(f"{len(more):,} of {sampler} alone, such as {query} in the pool {pool} ({setting})")
    return " and ".join(parts) or f"another order of {other}"


def _listed(names: Collection[str]) -> str:
    shown = ", ".join(sorted(names)[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
