"""Compute the standard measures, and rank distance, from the ranks of the relevant passages alone.

Relevance is binary but in nDCG, whose gains may be graded. For the same ranking the values equal trec_eval's
(Source: Van Gysel & de Rijke, 2018).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Rankings:
    """Hold the ranks of the relevant passages of many rankings, one after the other, best rank first."""

    rank: NDArray[np.float64]
    """(n,) float64, from 1; infinity for a passage that was not retrieved."""
    start: NDArray[np.int64]
    """(n_rankings,) int64, where each ranking begins in `rank`."""
    n_relevant: NDArray[np.int64]
    """(n_rankings,) int64, at least 1: its relevant passages, retrieved or not."""
    gain: NDArray[np.float64]
    """(n,) float64, the grade of each relevant passage."""

    @property
    def position(self) -> NDArray[np.int64]:
        """Return each relevant passage's place among the relevant ones, from 1: (n,) int64."""
        return np.arange(1, len(self.rank) + 1) - np.repeat(self.start, self.n_relevant)

    def sums(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Sum within each ranking.

        Args:
            values: (n,) numbers, one per relevant passage.

        Returns:
            (n_rankings,) float64.
        """
        sums: NDArray[np.float64] = np.add.reduceat(values.astype(np.float64), self.start)
        return sums


def average_precision(rankings: Rankings) -> NDArray[np.float64]:
    """Average the precision at each relevant passage, 0 where not retrieved (Source: Buckley & Voorhees, 2000).

    Formula: (1 / R) · Σ i / rᵢ, over the R relevant passages in the order of their ranks r₁ < r₂ < …

    Args:
        rankings: the ranks.

    Returns:
        (n_rankings,) float64 in [0, 1]; its mean is mAP.
    """
    return rankings.sums(rankings.position / rankings.rank) / rankings.n_relevant


def average_precision_at(rankings: Rankings, k: int) -> NDArray[np.float64]:
    """Average the precision at each relevant passage in the first k (Source: XTREME-R, arXiv 2104.07412).

    Formula: (1 / min(R, k)) · Σ i / rᵢ, over the relevant passages with rᵢ ≤ k.

    Args:
        rankings: the ranks.
        k: cut-off.

    Returns:
        (n_rankings,) float64 in [0, 1]; the sum is divided by the relevant passages, at most k.
    """
    precision = np.where(rankings.rank <= k, rankings.position / rankings.rank, 0.0)
    return rankings.sums(precision) / np.minimum(rankings.n_relevant, k)


def recall(rankings: Rankings, k: int) -> NDArray[np.float64]:
    """Return the share of the relevant passages that are in the first k.

    Formula: (number of relevant passages with rᵢ ≤ k) / R.

    Args:
        rankings: the ranks.
        k: cut-off.

    Returns:
        (n_rankings,) float64 in [0, 1].
    """
    return rankings.sums(rankings.rank <= k) / rankings.n_relevant


def reciprocal_rank(rankings: Rankings, k: int) -> NDArray[np.float64]:
    """Return 1 / rank of the best relevant passage, 0 beyond the first k (Source: Voorhees, TREC-8, 1999).

    Formula: 1 / r₁ where r₁ ≤ k, else 0.

    Args:
        rankings: the ranks.
        k: cut-off.

    Returns:
        (n_rankings,) float64 in [0, 1].
    """
    best = rankings.rank[rankings.start]
    return np.where(best <= k, 1 / best, 0.0)


def ndcg(rankings: Rankings, k: int) -> NDArray[np.float64]:
    """Return the discounted gain of the first k over the ideal one (Source: Järvelin & Kekäläinen, 2002).

    Formula: DCG / ideal DCG, where DCG = Σ gainᵢ / log₂(rᵢ + 1), over rᵢ ≤ k; ideal: ranked by gain.

    Args:
        rankings: the ranks.
        k: cut-off.

    Returns:
        (n_rankings,) float64 in [0, 1].
    """
    discounted = np.where(rankings.rank <= k, rankings.gain / np.log2(rankings.rank + 1), 0.0)
    ranking = np.repeat(np.arange(len(rankings.start)), rankings.n_relevant)
    descending = rankings.gain[np.lexsort((-rankings.gain, ranking))]  # (n,) best first in each ranking
    place = rankings.position
    ideal = np.where(place <= k, descending / np.log2(place + 1), 0.0)
    return np.asarray(rankings.sums(discounted) / rankings.sums(ideal))


def rank_distance(rankings: Rankings) -> NDArray[np.float64]:
    """Return the worst minus the best rank of the relevant passages (Source: arXiv 2408.10536, language bias).

    Formula: r_R − r₁.

    Args:
        rankings: the ranks in the pool of all languages, without cut-off.

    Returns:
        (n_rankings,) float64, NaN where one was not retrieved. Where fewer than two languages have a relevant
        passage it says nothing, and `score_queries` leaves it out.
    """
    best = rankings.rank[rankings.start]
    worst = rankings.rank[rankings.start + rankings.n_relevant - 1]
    retrieved = np.isfinite(worst)
    return np.where(retrieved, worst, np.nan) - np.where(retrieved, best, 0.0)


MEASURES: dict[str, Callable[[Rankings], NDArray[np.float64]]] = {
    "map": average_precision,
    "map@20": partial(average_precision_at, k=20),
    "recall@1": partial(recall, k=1),
    "recall@10": partial(recall, k=10),
    "mrr@10": partial(reciprocal_rank, k=10),
    "ndcg@10": partial(ndcg, k=10),
    "recall@100": partial(recall, k=100),
}
"""The measures of every setting."""


def measures_at(top_k: int | None) -> dict[str, Callable[[Rankings], NDArray[np.float64]]]:
    """Choose the measures of a ranking that may end somewhere.

    Args:
        top_k: passages that were retrieved per query; None where all were ranked.

    Returns:
        Name → measure. mAP looks at the whole ranking, so over the first 100 it is `map@100` and never `map`.
    """
    if top_k is None:
        return MEASURES
    whole = {name: measure for name, measure in MEASURES.items() if name != "map"}
    return {f"map@{top_k}": partial(average_precision_at, k=top_k)} | whole


RANK_DISTANCE = "rank_distance"
"""The further measure of the multilingual setting."""

NAMES = (*MEASURES, RANK_DISTANCE)
