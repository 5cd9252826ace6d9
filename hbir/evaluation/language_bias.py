"""Measure language bias in the pool of all languages, from the ranks of the relevant passages.

No measure says anything of a query with relevant passages in one language alone; NaN marks it.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hbir.evaluation.measures import Rankings, average_precision, rank_distance
from hbir.evaluation.peer import equal_rank_probability
from hbir.evaluation.pooled import PooledRankings, ratio

Measure = Callable[[PooledRankings], NDArray[np.float64]]


def distance(pooled: PooledRankings) -> NDArray[np.float64]:
    """Return the rank distance of queries with relevant passages in two languages or more.

    Args:
        pooled: the ranks.

    Returns:
        (n_rankings,) float64.
    """
    return pooled.several(rank_distance(pooled.rankings))


def distance_share(pooled: PooledRankings) -> NDArray[np.float64]:
    """Return the rank distance as a share of the pool, which makes pools of different sizes comparable.

    Formula: (r_R − r₁) / N.

    Args:
        pooled: the ranks.

    Returns:
        (n_rankings,) float64 in [0, 1); NaN where relevant passages are in one language alone.
    """
    return distance(pooled) / (pooled.pool or np.nan)


def max_rank(pooled: PooledRankings) -> NDArray[np.float64]:
    """Return the rank down to which one must read to have every relevant passage (Source: arXiv 2604.05684).

    Formula: r_R.

    Args:
        pooled: the ranks.

    Returns:
        (n_rankings,) float64, at least R; NaN where relevant passages are in one language alone, or one was not
        retrieved.
    """
    last = pooled.rankings.rank[pooled.rankings.start + pooled.rankings.n_relevant - 1]
    return pooled.several(last, np.isfinite(last))


def max_rank_share(pooled: PooledRankings) -> NDArray[np.float64]:
    """Return where Max@R lies between its best and its worst value (our normalisation).

    Formula: (r_R − R) / (N − R).

    Args:
        pooled: the ranks.

    Returns:
        (n_rankings,) float64 in [0, 1]; NaN as with Max@R, or where all passages are relevant.
    """
    relevant = pooled.rankings.n_relevant.astype(np.float64)
    spare = (pooled.pool or np.nan) - relevant
    return (max_rank(pooled) - relevant) / np.where(spare > 0, spare, np.nan)


def other_language_recall(pooled: PooledRankings, k: int = 10) -> NDArray[np.float64]:
    """Return the share of the relevant passages in other languages than the query's that are in the first k.

    Formula: (number of them with rᵢ ≤ k) / (number of them).

    Args:
        pooled: the ranks.
        k: cut-off.

    Returns:
        (n_rankings,) float64 in [0, 1]; NaN where relevant passages are in one language alone.
    """
    found = pooled.rankings.sums(pooled.other & (pooled.rankings.rank <= k))
    return pooled.several(ratio(found, pooled.rankings.sums(pooled.other)))


def other_language_precision(pooled: PooledRankings) -> NDArray[np.float64]:
    """Average the precision at each relevant passage of another language, without those of the query's.

    Formula: (1 / R′) · Σ i / r′ᵢ, over the R′ relevant passages in other languages, where r′ᵢ is the rank among
    all passages but the relevant ones in the query's language.

    Args:
        pooled: the ranks.

    Returns:
        (n_rankings,) float64 in [0, 1]; NaN where relevant passages are in one language alone.
    """
    other = pooled.other
    removed: NDArray[np.int64] = np.cumsum(~other)  # (n,)
    earlier = (removed - ~other)[pooled.rankings.start]  # (n_rankings,) in the rankings before
    before = removed - np.repeat(earlier, pooled.rankings.n_relevant)  # (n,)
    kept = pooled.rankings.sums(other).astype(np.int64)  # (n_rankings,)
    some = kept > 0
    values = np.full(len(kept), np.nan)
    if some.any():
        ends = np.cumsum(kept[some])
        rest = Rankings(
            rank=(pooled.rankings.rank - before)[other],
            start=ends - kept[some],
            n_relevant=kept[some],
            gain=pooled.rankings.gain[other],
        )
        values[some] = average_precision(rest)
    return pooled.several(values)


def language_preference(pooled: PooledRankings) -> NDArray[np.float64]:
    """Tell whether the best relevant passage is in the query's language (Source: LPR, arXiv 2605.07249).

    Formula: 1 where the passage of rank r₁ is in the query's language, else 0. Its mean, the language
    preference rate, is (relevant passages in the query's language) / R without any preference.

    Args:
        pooled: the ranks.

    Returns:
        (n_rankings,) float64; NaN unless the query's language and another one have a relevant passage, and
        where the best one was not retrieved.
    """
    other = pooled.other
    own = pooled.rankings.sums(~other) > 0
    best = pooled.rankings.start
    return pooled.several((~other[best]).astype(np.float64), own & np.isfinite(pooled.rankings.rank[best]))


WHOLE: dict[str, Measure] = {
    "rank_distance_share": distance_share,
    "max@r": max_rank,
    "max@r_share": max_rank_share,
    "language_preference": language_preference,
    "peer": equal_rank_probability,
}
"""Need the ranks of all relevant passages."""
MEASURES: dict[str, Measure] = WHOLE | {
    "tlr@10": other_language_recall,
    "map_other": other_language_precision,
}
"""All that need no more than the ranks of the relevant passages."""
