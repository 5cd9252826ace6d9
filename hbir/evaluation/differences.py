"""Compare one sampler with the others on a benchmark: test every difference, and correct all together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

import numpy as np

from hbir.core.seeds import generator
from hbir.evaluation.directions import LOWER_IS_BETTER, NO_DIRECTION
from hbir.evaluation.intervals import Interval
from hbir.evaluation.parts import Part, Tables, parts
from hbir.evaluation.seed_tests import p_of_parts
from hbir.evaluation.significance import (
    ALPHA,
    clusters_needed,
    effect_size,
    holm,
    p_values,
    resamples_for,
)

Verdict = Literal["better", "worse", "higher", "lower", "no difference shown", "too few queries"]
Family = Literal["scores", "languages", "bias"]
"""The table whose comparisons are corrected together: the scores over all query languages, those of each query
language, or the further measures of language bias."""
Measured = tuple[str, str]
"""A setting and a measure."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Hold by how much one sampler is above another on the same queries, and whether chance may explain it."""

    benchmark: str
    family: Family
    setting: str
    measure: str
    one: str
    other: str
    """The sampler whose score is subtracted."""
    language: str
    """Of the queries; ALL_LANGUAGES for the mean over all."""
    value: float
    clusters: int
    """Of queries that have the measure."""
    needed: int
    """With fewer clusters there is no test."""
    p: float | None
    """Two-sided, corrected by Holm for all comparisons of its table; None where there are too few clusters.
    Over several seeds it is the larger one of two tests: exchanges of clusters, and `p_over_seeds`."""
    effect: float | None
    """The difference over its spread between clusters (`effect_size`); None where it has no spread."""
    interval: Interval | None = None
    """Where it was asked for, and can be had."""

    @property
    def verdict(self) -> Verdict:
        """Return what may be said of `one`; it is better or worse only where p is at most ALPHA.

        A measure that only tells which languages are preferred makes it higher or lower instead.
        """
        if self.p is None:
            return "too few queries"
        if self.p > ALPHA:
            return "no difference shown"
        if self.measure in NO_DIRECTION:
            return "lower" if self.value < 0 else "higher"
        return "better" if (self.value < 0) == (self.measure in LOWER_IS_BETTER) else "worse"

    def verdict_within(self, interval: Interval | None) -> Verdict:
        """Say no more than an interval of another kind allows, such as one over seeds.

        Args:
            interval: of the same difference; None where there is none.

        Returns:
            The verdict where the interval leaves out 0, or where there is no test; else no difference shown.
        """
        leaves_out_0 = interval is not None and (interval.low > 0 or interval.high < 0)
        return self.verdict if leaves_out_0 or self.p is None else "no difference shown"


def compare(
    tables: Tables,
    benchmark: str,
    one: str,
    measured: Sequence[Measured],
    family: Family = "scores",
    seeds: Sequence[Tables] = (),
) -> list[Difference]:
    """Test the differences between one sampler and every other, and correct all of them together.

    Args:
        tables: of the samplers; over several seeds, their means.
        benchmark: its name, on which alone the random exchanges depend.
        one: a sampler; without it there is no difference.
        measured: what is compared.
        family: which table they are for: `languages` compares over the queries of each language, the others
            over all.
        seeds: the tables of each seed, where there are several.

    Returns:
        A difference per setting, measure, other sampler and language. What not the same queries have in both
        samplers is left out.
    """
    found = list(parts(tables, one, measured, family == "languages", seeds))
    number = sum(len(part.shares.languages) for part in found)
    if not number:
        return []
    raw = np.concatenate(
        [
            p_values(
                np.concatenate([part.shares.values for part in members], axis=1),  # (clusters, comparisons)
                resamples_for(number),
                generator(0, "randomisation", benchmark, setting),
            )
            for setting, members in _by_setting(found)
        ]
    )
    if len(seeds) > 1:
        raw = np.maximum(raw, p_of_parts(found))
    needed = clusters_needed(number)
    sizes = np.concatenate([part.shares.there.sum(axis=0) for part in found])
    corrected = holm(np.where(sizes < needed, 1.0, raw))  # what cannot be tested counts all the same
    places = [(part, index) for part in found for index in range(len(part.shares.languages))]
    return [
        _difference(benchmark, family, one, part, index, float(p), needed)
        for (part, index), p in zip(places, corrected, strict=True)
    ]


def _by_setting(found: Sequence[Part]) -> Iterator[tuple[str, list[Part]]]:
    for setting, members in groupby(found, key=lambda part: part.setting):
        yield setting, list(members)


def _difference(
    benchmark: str, family: Family, one: str, part: Part, index: int, p: float, needed: int
) -> Difference:
    values = part.shares.values[part.shares.there[:, index], index]  # (clusters that have it,)
    effect = effect_size(values)
    return Difference(
        benchmark=benchmark,
        family=family,
        setting=part.setting,
        measure=part.measure,
        one=one,
        other=part.other,
        language=part.shares.languages[index],
        value=float(values.sum()),
        clusters=len(values),
        needed=needed,
        p=p if len(values) >= needed else None,
        effect=effect,
    )
