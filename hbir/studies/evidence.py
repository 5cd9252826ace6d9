"""Gather what means over all languages hide: each language, and the rank distances of single queries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import pyarrow.compute as pc

from hbir.benchmarks.task import MONOLINGUAL
from hbir.evaluation.comparable import query_tables
from hbir.evaluation.difference_intervals import with_intervals
from hbir.evaluation.differences import compare
from hbir.evaluation.intervals import KEYS, Interval
from hbir.evaluation.over_seeds import averaged
from hbir.evaluation.results import SamplerResults
from hbir.reporting.bias import preferences_of
from hbir.reporting.distances import QUANTILES, at_shares, distances
from hbir.reporting.heat import Pairs
from hbir.reporting.plots import pair_scores
from hbir.studies.analysis import contrast
from hbir.studies.collect import Results
from hbir.studies.study_table import Contrast
from hbir.studies.tables import TablePlan


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Hold what is known of the rows of a table on one benchmark, means over seeds."""

    benchmark: str
    title: str
    """Of the table."""
    reference: str
    measure: str
    """The main one of the benchmark."""
    languages: tuple[str, ...]
    pairs: Mapping[str, Pairs]
    """Row → main measure by languages of query and passage."""
    preferences: Mapping[str, Pairs]
    """Row → by how much a language's share of the first ten passages exceeds its share of the pool."""
    distances: Mapping[str, tuple[float, ...]]
    """Row → rank distance at each of QUANTILES, over the queries of all seeds."""
    alone: Mapping[tuple[str, str], Contrast]
    """Row and language → the change of the monolingual main measure from the reference. Corrected together; the
    interval is over queries."""


def gather(table: TablePlan, results: Results, benchmarks: Sequence[str] = ()) -> list[Evidence]:
    """Gather for every benchmark.

    Args:
        table: which rows.
        results: seed → the rows' scores.
        benchmarks: which; empty for all.

    Returns:
        What is known of each.
    """
    first = next(iter(results.values()))[0]
    return [_gathered(table, results, name) for name in benchmarks or first.summaries]


def _gathered(table: TablePlan, results: Results, benchmark: str) -> Evidence:
    first = next(iter(results.values()))[0].summaries[benchmark].task
    names = [row.name for row in table.rows]

    def each(read: Callable[[SamplerResults], Pairs]) -> dict[str, Pairs]:
        found = {
            name: _mean([read(one[place]) for one in results.values()]) for place, name in enumerate(names)
        }
        return {name: pairs for name, pairs in found.items() if pairs}

    return Evidence(
        benchmark=benchmark,
        title=table.title,
        reference=table.reference,
        measure=first.main_measure,
        languages=tuple(first.languages),
        pairs=each(lambda result: pair_scores(result, benchmark)),
        preferences=each(lambda result: preferences_of(result, benchmark)),
        distances={
            name: values
            for place, name in enumerate(names)
            if (values := _distances([one[place] for one in results.values()], benchmark))
        },
        alone=_alone(table, results, benchmark, first.main_measure),
    )


def _mean(seeds: Sequence[Pairs]) -> Pairs:
    return {pair: fmean(one[pair] for one in seeds) for pair in seeds[0] if all(pair in one for one in seeds)}


def _distances(seeds: Sequence[SamplerResults], benchmark: str) -> tuple[float, ...]:
    values = np.sort(np.concatenate([distances(result, benchmark) for result in seeds]))
    return tuple(at_shares(values, QUANTILES)) if len(values) else ()


def _alone(table: TablePlan, results: Results, benchmark: str, measure: str) -> dict[tuple[str, str], Contrast]:
    seeds = [
        {
            name: rows.filter(pc.equal(rows["setting"], MONOLINGUAL)).select([*KEYS, measure])
            for name, rows in query_tables(one, benchmark).items()
            if measure in rows.column_names
        }
        for one in results.values()
    ]
    if table.reference not in seeds[0] or not seeds[0][table.reference].num_rows:
        return {}
    tables = averaged(seeds, [measure])
    found = compare(tables, benchmark, table.reference, [(MONOLINGUAL, measure)], "languages", seeds)
    every = with_intervals(found, tables) if found else []
    return {(one.other, one.language): contrast(one, _turned(one.interval)) for one in every}


def _turned(interval: Interval | None) -> Interval | None:
    """Bound a difference taken the other way round."""
    return Interval(low=-interval.high, high=-interval.low) if interval else None
