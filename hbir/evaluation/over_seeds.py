"""Bound means over several seeds: seeds are resampled first, then clusters of queries.

Trainings with other seeds and benchmarks with other queries would both have given other scores. (Source:
Davison & Hinkley, Bootstrap Methods and their Application, 1997, § 3.8, of hierarchical data.) With few seeds
the interval is too narrow, rather than too wide: n seeds show (n − 1) / n of the variance between them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hbir.core.errors import DataError
from hbir.core.seeds import generator
from hbir.evaluation.intervals import RESAMPLES, Resampled, resample

Tables = Mapping[str, pa.Table]
"""Sampler → scores per query, of one seed."""


@dataclass(frozen=True, kw_only=True)
class OverSeeds:
    """Hold the macro means of several samplers in one setting over several seeds."""

    by_seed: np.ndarray
    """(seeds, samplers, measures) float64; NaN where no query has the measure."""
    resampled: Resampled
    """Of the means over seeds: its runs are the samplers."""


def resample_seeds(
    seeds: Sequence[Tables], benchmark: str, measures: Sequence[str], resamples: int = RESAMPLES
) -> dict[str, OverSeeds]:
    """Resample seeds, and with each choice of seeds the clusters of queries.

    A resample draws as many seeds as there are, with replacement, and clusters likewise: the same seeds and
    clusters for every sampler, and the same clusters in every seed.

    Args:
        seeds: at least two, with the same samplers and queries in the same order.
        benchmark: its name, on which alone the resamples depend.
        measures: names of columns.
        resamples: how many.

    Returns:
        Setting → what is known of it; settings without a scored query are absent.

    Raises:
        DataError: when there are fewer than two seeds, or they are not of the same queries.
    """
    refuse_one_seed(len(seeds), f"scores of benchmark {benchmark}")
    tables = [table for one in seeds for table in one.values()]
    results = {}
    for setting, found in resample(tables, benchmark, measures, resamples).items():
        shape = len(seeds), len(seeds[0]), len(measures)
        by_seed = found.means.reshape(shape)
        each = found.resampled.reshape(resamples, *shape)
        drawn = generator(0, "seeds", benchmark, setting).integers(0, len(seeds), (resamples, len(seeds)))
        chosen = each[np.arange(resamples)[:, None], drawn]  # (resamples, seeds, samplers, measures)
        whole = Resampled(clusters=found.clusters, means=by_seed.mean(axis=0), resampled=chosen.mean(axis=1))
        results[setting] = OverSeeds(by_seed=by_seed, resampled=whole)
    return results


def refuse_one_seed(number: int, where: str) -> None:
    """Check that there is a spread to be seen.

    Args:
        number: of seeds.
        where: whose seeds they are.

    Raises:
        DataError: when there are fewer than two.
    """
    if number < 2:
        raise DataError(
            where=where,
            expected="at least two seeds for an interval over seeds",
            found=str(number),
            hint="Make one more with `dvc exp run -n seed-2 -S seed=2`, and name both.",
        )


def averaged(seeds: Sequence[Tables], measures: Sequence[str]) -> dict[str, pa.Table]:
    """Average each query's scores over seeds.

    Args:
        seeds: with the same samplers and queries in the same order.
        measures: names of columns.

    Returns:
        Sampler → a table of the means; a score that one seed lacks is missing.
    """
    tables = {}
    for sampler, table in seeds[0].items():
        for measure in measures:
            values = np.mean([one[sampler][measure].to_numpy() for one in seeds], axis=0)
            place = table.schema.get_field_index(measure)
            table = table.set_column(place, measure, pa.array(values, from_pandas=True))
        tables[sampler] = table
    return tables
