"""Divide what is compared among clusters, and among seeds: a part per setting, measure and other sampler."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa

from hbir.evaluation.contributions import Contributions, Layout, contributions, in_setting

Tables = Mapping[str, pa.Table]
"""Sampler → scores per query, of the same queries in the same order."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Hold the differences between one sampler and another in one measure of one setting."""

    setting: str
    measure: str
    other: str
    shares: Contributions
    by_seed: np.ndarray
    """(seeds, languages) float64, the differences in single seeds; no rows where there are none."""

    def variance(self, index: int) -> float:
        """Tell what the choice of clusters adds to the variance of a difference.

        Args:
            index: of the language.

        Returns:
            The variance of a sum of as many independent clusters; 0 where there is but one.
        """
        values = self.shares.values[self.shares.there[:, index], index]
        return float(len(values) * values.var(ddof=1)) if len(values) > 1 else 0.0


def parts(
    tables: Tables, one: str, measured: Sequence[tuple[str, str]], by_language: bool, seeds: Sequence[Tables]
) -> Iterator[Part]:
    """Compare one sampler with every other.

    Args:
        tables: of the samplers; over several seeds, their means.
        one: a sampler; without it there is nothing.
        measured: settings and measures.
        by_language: over the queries of each language apart, or over all.
        seeds: the tables of each seed, where there are several.

    Yields:
        Part after part, setting by setting. What not the same queries have in both samplers is left out.
    """
    others = [sampler for sampler in tables if sampler != one] if one in tables else []
    for setting in dict.fromkeys(setting for setting, _ in measured):
        whole, *single = (_within(some, setting) for some in (tables, *seeds))
        if not others or not whole[one].num_rows:
            continue
        layout = Layout.of(whole[one])
        for other, measure in product(others, [name for place, name in measured if place == setting]):
            pairs = [(_values(some[one], measure), _values(some[other], measure)) for some in (whole, *single)]
            found = _divided(layout, pairs, by_language)
            if found:
                by_seed = np.array([shares.values.sum(axis=0) for shares in found[1:]])
                yield Part(setting=setting, measure=measure, other=other, shares=found[0], by_seed=by_seed)


def _divided(
    layout: Layout, pairs: Sequence[tuple[np.ndarray | None, np.ndarray | None]], by_language: bool
) -> list[Contributions]:
    """Divide the means first and then each seed, of which those queries count that have a mean; or nothing."""
    found: list[Contributions] = []
    absent: np.ndarray | float = 0.0
    """Added to the scores of a seed: NaN for queries without a mean."""
    for ones, rest in pairs:
        if ones is None or rest is None:
            return []
        shares = contributions(layout, ones + absent, rest + absent)
        if shares is None:
            return []
        found.append(shares.each_language() if by_language else shares.overall())
        absent = absent if len(found) > 1 else 0.0 * ones
    return found


def _within(tables: Tables, setting: str) -> dict[str, pa.Table]:
    return dict(zip(tables, in_setting(list(tables.values()), setting), strict=True))


def _values(table: pa.Table, measure: str) -> np.ndarray | None:
    return table[measure].to_numpy() if measure in table.column_names else None
