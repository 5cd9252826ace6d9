"""Hold the rankings in the pool of all languages, with the languages of queries and relevant passages."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hbir.evaluation.measures import Rankings


@dataclass(frozen=True, kw_only=True)
class PooledRankings:
    """Hold the ranks of the relevant passages of many queries in the pool of all languages."""

    query: NDArray[np.int64]
    """(n_rankings,) int64, indices of the queries, sorted."""
    rankings: Rankings
    """One ranking per query, n relevant passages in all."""
    lang: NDArray[np.int64]
    """(n,) int64, the language of each relevant passage."""
    query_lang: NDArray[np.int64]
    """(n_rankings,) int64, the language of each query."""
    pool: int | None
    """Passages in the pool; None where they were not counted."""

    @cached_property
    def number(self) -> NDArray[np.int64]:
        """Return to which ranking each relevant passage belongs: (n,) int64."""
        return np.repeat(np.arange(len(self.query_lang)), self.rankings.n_relevant)

    @cached_property
    def other(self) -> NDArray[np.bool_]:
        """Tell which relevant passages are in another language than their query: (n,) bool."""
        return np.asarray(self.lang != self.query_lang[self.number])

    @cached_property
    def in_language(self) -> NDArray[np.int64]:
        """Count each query's relevant passages in each language: (n_rankings, languages)."""
        kinds = int(self.lang.max(initial=0)) + 1
        counts = np.bincount(self.number * kinds + self.lang, minlength=len(self.query) * kinds)
        return counts.reshape(-1, kinds)

    @cached_property
    def languages(self) -> NDArray[np.int64]:
        """Count the languages of each query's relevant passages: (n_rankings,) int64."""
        return np.asarray((self.in_language > 0).sum(axis=1))

    def several(
        self, values: NDArray[np.float64], defined: NDArray[np.bool_] | bool = True
    ) -> NDArray[np.float64]:
        """Leave out the queries of which a measure says nothing.

        Args:
            values: (n_rankings,) float64.
            defined: (n_rankings,) bool, what else it needs than relevant passages in two languages.

        Returns:
            (n_rankings,) float64, NaN where it says nothing.
        """
        return np.where((self.languages > 1) & defined, values, np.nan)


def ratio(some: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide.

    Args:
        some: (n,) float64.
        total: (n,) float64.

    Returns:
        (n,) float64, NaN where the total is 0.
    """
    result: NDArray[np.float64] = np.divide(some, total, out=np.full(len(total), np.nan), where=total > 0)
    return result
