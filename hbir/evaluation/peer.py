"""Compute PEER, the probability that the languages of the relevant passages have equal expected ranks."""

import numpy as np
from numpy.typing import NDArray

from hbir.evaluation.pooled import PooledRankings, ratio


def equal_rank_probability(pooled: PooledRankings) -> NDArray[np.float64]:
    """Return the p-value of equal expected ranks of the languages (Source: PEER, Yang et al., SIGIR 2024).

    Formula: P(χ² with L − 1 degrees of freedom ≥ H), H = (R − 1) · Σ n_l (r̄_l − r̄)² / Σ (rᵢ − r̄)², over the
    relevant passages; language l of L has n_l of them, with the mean rank r̄_l.

    With one relevant passage per language H is R − 1 whatever the ranks, so nothing can be said.

    Args:
        pooled: the ranks.

    Returns:
        (n_rankings,) float64 in [0, 1], 1 where no language is favoured; NaN unless there are two languages,
        one of them with two relevant passages, and where one was not retrieved.
    """
    languages, relevant = pooled.languages, pooled.rankings.n_relevant
    defined = (languages > 1) & (relevant > languages)  # (n_rankings,)
    if not defined.any():
        return np.full(len(defined), np.nan)
    rank = pooled.rankings.rank
    complete = pooled.rankings.sums(~np.isfinite(rank)) == 0
    return pooled.several(_p_values(pooled, np.where(np.isfinite(rank), rank, 0.0)), defined & complete)


def _p_values(pooled: PooledRankings, rank: NDArray[np.float64]) -> NDArray[np.float64]:
    """Test the ranking of each query, given the (n,) ranks: (n_rankings,) float64."""
    from scipy.special import chdtrc  # 0.1 s, and most benchmarks have one relevant passage per language

    relevant = pooled.rankings.n_relevant
    kinds = pooled.in_language.shape[1]
    cell = pooled.number * kinds + pooled.lang  # (n,)
    counts = pooled.in_language.ravel()
    mean = pooled.rankings.sums(rank) / relevant  # (n_rankings,)
    deviation = rank - mean[pooled.number]
    of_language = np.bincount(cell, deviation, minlength=len(counts))  # sums of deviations
    between = np.divide(of_language**2, counts, out=np.zeros(len(counts)), where=counts > 0)
    share = ratio(between.reshape(-1, kinds).sum(axis=1), pooled.rankings.sums(deviation**2))
    return np.asarray(chdtrc(pooled.languages - 1.0, (relevant - 1) * share))
