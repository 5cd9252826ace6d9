"""Compare one sampler with the others on a benchmark: test every difference, and correct all together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, product
from typing import Literal

import numpy as np
import pyarrow as pa

from hbir.core.seeds import generator
from hbir.evaluation.contributions import Contributions, Layout, contributions, in_setting
from hbir.evaluation.directions import LOWER_IS_BETTER, NO_DIRECTION
from hbir.evaluation.intervals import Interval
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
    """Two-sided, corrected by Holm for all comparisons of its table; None where there are too few clusters."""
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
    tables: Mapping[str, pa.Table],
    benchmark: str,
    one: str,
    measured: Sequence[Measured],
    family: Family = "scores",
) -> list[Difference]:
    """Test the differences between one sampler and every other, and correct all of them together.

    Args:
        tables: sampler → scores per query, of the same queries in the same order.
        benchmark: its name, on which alone the random exchanges depend.
        one: a sampler; without it there is no difference.
        measured: what is compared.
        family: which table they are for: `languages` compares over the queries of each language, the others
            over all.

    Returns:
        A difference per setting, measure, other sampler and language. What not the same queries have in both
        samplers is left out.
    """
    parts = list(_parts(tables, one, measured, family == "languages"))
    number = sum(len(part.shares.languages) for part in parts)
    if not number:
        return []
    raw = np.concatenate(
        [
            p_values(
                np.concatenate([part.shares.values for part in members], axis=1),  # (clusters, comparisons)
                resamples_for(number),
                generator(0, "randomisation", benchmark, setting),
            )
            for setting, members in _by_setting(parts)
        ]
    )
    needed = clusters_needed(number)
    sizes = np.concatenate([part.shares.there.sum(axis=0) for part in parts])
    corrected = holm(np.where(sizes < needed, 1.0, raw))  # what cannot be tested counts all the same
    places = [(part, index) for part in parts for index in range(len(part.shares.languages))]
    return [
        _difference(benchmark, family, one, part, index, float(p), needed)
        for (part, index), p in zip(places, corrected, strict=True)
    ]


@dataclass(frozen=True, kw_only=True)
class _Part:
    setting: str
    measure: str
    other: str
    shares: Contributions


def _parts(
    tables: Mapping[str, pa.Table], one: str, measured: Sequence[Measured], by_language: bool
) -> Iterator[_Part]:
    """Yield what is compared, setting by setting."""
    others = [sampler for sampler in tables if sampler != one] if one in tables else []
    for setting in dict.fromkeys(setting for setting, _ in measured):
        chosen = dict(zip(tables, in_setting(list(tables.values()), setting), strict=True))
        if not others or not chosen[one].num_rows:
            continue
        layout = Layout.of(chosen[one])
        for other, measure in product(others, [name for place, name in measured if place == setting]):
            ones, rest = (_values(chosen[sampler], measure) for sampler in (one, other))
            if ones is None or rest is None:
                continue
            found = contributions(layout, ones, rest)
            if found is not None:
                shares = found.each_language() if by_language else found.overall()
                yield _Part(setting=setting, measure=measure, other=other, shares=shares)


def _values(table: pa.Table, measure: str) -> np.ndarray | None:
    return table[measure].to_numpy() if measure in table.column_names else None


def _by_setting(parts: Sequence[_Part]) -> Iterator[tuple[str, list[_Part]]]:
    for setting, members in groupby(parts, key=lambda part: part.setting):
        yield setting, list(members)


def _difference(
    benchmark: str, family: Family, one: str, part: _Part, index: int, p: float, needed: int
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
