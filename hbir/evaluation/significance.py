"""Test differences between two runs: paired randomisation of clusters, Holm's correction, an effect size.

Under the null hypothesis the names of two samplers could be exchanged on any query. A query and its
translations are not independent, so they are exchanged together. (Source: Fisher, 1935, of the test; Smucker,
Allan & Carterette, CIKM 2007, of its use in retrieval; Holm, Scand. J. Statist. 6, 1979, of the correction.)
"""

import math
from collections.abc import Iterator

import numpy as np

ALPHA = 0.05
"""The share of comparisons without a difference in which one may be found, after correction."""
RESAMPLES = 10_000
PER_COMPARISON = 200
"""So many resamples more per comparison: the smallest p is then at most ALPHA / 10 after correction."""
CHUNK = 4_000_000
"""Most signs in memory at once, 8 bytes each."""


def p_values(contributions: np.ndarray, resamples: int, seeds: np.random.Generator) -> np.ndarray:
    """Test whether sums differ from 0, by exchanging both runs on random clusters.

    Exchanging them on a cluster changes the sign of its contribution. All 2^clusters exchanges are looked at
    where they are no more than the resamples; then p is exact, and the random stream is not used.

    Args:
        contributions: (clusters, comparisons) float64, what each cluster adds to each difference.
        resamples: how many random exchanges.
        seeds: the random stream. Each exchange is the same for all comparisons.

    Returns:
        (comparisons,) float64, two-sided: (1 + hits) / (1 + resamples), or hits / 2^clusters where exact. A hit
        is a difference of at least the observed size.
    """
    clusters = len(contributions)
    rounding = 1e-12 * np.abs(contributions).sum(axis=0)  # sums in another order differ in their last digits
    least = np.abs(contributions.sum(axis=0)) - rounding  # (comparisons,)
    exact = 2**clusters <= resamples
    hits = np.zeros(contributions.shape[1], np.int64)
    for signs in _all_signs(clusters) if exact else _random_signs(clusters, resamples, seeds):
        hits += (np.abs(signs @ contributions) >= least).sum(axis=0)
    return hits / 2**clusters if exact else (1 + hits) / (1 + resamples)


def resamples_for(comparisons: int) -> int:
    """Choose how many exchanges are drawn.

    Args:
        comparisons: how many are corrected together.

    Returns:
        Enough for a corrected p far below ALPHA.
    """
    return max(RESAMPLES, PER_COMPARISON * comparisons)


def clusters_needed(comparisons: int) -> int:
    """Count the clusters without which no difference, however large, could be significant.

    Formula: the smallest n with comparisons · 2 / 2ⁿ ≤ ALPHA; an exact test gives no p below 2 / 2ⁿ.

    Args:
        comparisons: how many are corrected together.

    Returns:
        6 for one comparison, 10 for 14.
    """
    return math.ceil(math.log2(2 * comparisons / ALPHA))


def holm(p: np.ndarray) -> np.ndarray:
    """Correct p values for their number, step by step (Source: Holm, 1979).

    Formula: the k-th smallest of m becomes the largest of (m − j + 1) · p₍ⱼ₎ over j ≤ k, and at most 1.

    Args:
        p: (m,) float64.

    Returns:
        (m,) float64 in the same order. Those of at most ALPHA are significant, and the chance of one or more
        false ones among them is at most ALPHA, however the comparisons depend on each other.
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(stepped)
    corrected[order] = np.minimum(stepped, 1.0)
    return corrected


def effect_size(contributions: np.ndarray) -> float | None:
    """Standardise a difference by its spread over clusters (Source: Cohen, 1988, d_z of paired samples).

    Formula: mean of the clusters' contributions / their standard deviation, with n − 1.

    Args:
        contributions: (clusters,) float64, what each cluster adds to the difference.

    Returns:
        About .2 is called small, .5 medium, .8 large. 0 where nothing differs; None where every cluster adds
        the same, or there is but one.
    """
    if not contributions.any():
        return 0.0
    if len(contributions) < 2:
        return None
    spread = float(contributions.std(ddof=1))
    return float(contributions.mean()) / spread if spread > 1e-12 * np.abs(contributions).max() else None


def _random_signs(clusters: int, resamples: int, seeds: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield random exchanges, (at most CHUNK // clusters, clusters) float64 of 1 and −1."""
    most = max(1, CHUNK // clusters)
    width = math.ceil(clusters / 8)
    for first in range(0, resamples, most):
        drawn = seeds.integers(0, 256, (min(most, resamples - first), width), np.uint8)
        yield 1.0 - 2.0 * np.unpackbits(drawn, axis=1, count=clusters)


def _all_signs(clusters: int) -> Iterator[np.ndarray]:
    """Yield every exchange once, (2^clusters, clusters) float64 of 1 and −1."""
    yield 1.0 - 2.0 * (np.arange(2**clusters)[:, None] >> np.arange(clusters) & 1)
