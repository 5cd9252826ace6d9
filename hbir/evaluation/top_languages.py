"""Measure language bias from the languages of every query's best passages in the pool of all languages."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from hbir.benchmarks.task import RetrievalTask
from hbir.evaluation.top import K, Pool, TopPassages


def same_language(query_lang: np.ndarray, lang: np.ndarray, pool: Pool) -> np.ndarray:
    """Return the share of the first k passages that are in the query's language.

    Formula: (number of the first k passages in the query's language) / k.

    Args:
        query_lang: (n,) int64, languages of queries.
        lang: (n, k) int64, those of their best passages, −1 where fewer were retrieved.
        pool: what they are ranked against.

    Returns:
        (n,) float64 in [0, 1]; NaN where fewer were retrieved, all passages are in one language, or there are
        no more than k.
    """
    shares = (lang == query_lang[:, None]).mean(axis=1)
    return np.asarray(np.where(complete(lang) & pool.chooses(lang.shape[1]), shares, np.nan))


def same_language_excess(query_lang: np.ndarray, lang: np.ndarray, pool: Pool) -> np.ndarray:
    """Return by how much the same-language share exceeds what a random ranking has.

    Formula: same-language share − (passages in the query's language) / N.

    Args:
        query_lang: (n,) int64, languages of queries.
        lang: (n, k) int64, those of their best passages, −1 where fewer were retrieved.
        pool: what they are ranked against.

    Returns:
        (n,) float64 in [−1, 1], 0 without any preference; NaN as with the same-language share.
    """
    return np.asarray(same_language(query_lang, lang, pool) - pool.shares[query_lang])


def rank_correlation(task: RetrievalTask, top: TopPassages) -> np.ndarray:
    """Correlate what a query retrieves with what its translations retrieve (Source: MRC, arXiv 2509.06195).

    Formula: the mean over its translations of Spearman's ρ between the two rankings of all passages that are in
    the first k of either, where those that one lacks share the rank behind its first k.

    Args:
        task: the benchmark, whose `query_keys` name what translations share.
        top: the best passages of every query.

    Returns:
        (n_queries,) float64 in [−1, 1], 1 where the language of the query makes no difference; NaN for a query
        without translations in another language, where fewer were retrieved, and where both rankings are one
        passage.
    """
    number, whole = len(top.passage), complete(top.lang)
    sums, counts = np.zeros(number), np.zeros(number)
    for one, other in _translations(task):
        correlation = spearman(top.passage[one], top.passage[other])  # (pairs,)
        known = ~np.isnan(correlation) & whole[one] & whole[other]
        for side in (one[known], other[known]):
            np.add.at(sums, side, correlation[known])
            np.add.at(counts, side, 1)
    return np.asarray(np.divide(sums, counts, out=np.full(number, np.nan), where=counts > 0))


def spearman(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Correlate pairs of rankings over all that either holds.

    Both give the ranks 1 to k to their k passages, and to the u − k that only the other holds their mean rank
    (k + 1 + u) / 2. So means and variances are equal and only depend on how many passages both hold.

    Args:
        one: (pairs, k) int64, passages, best first.
        other: (pairs, k) int64.

    Returns:
        (pairs,) float64 in [−1, 1]; NaN where they hold one and the same passage alone.
    """
    k = one.shape[1]
    rank = np.arange(1.0, k + 1)
    ones = np.ones(k)
    shared = (one[:, :, None] == other[:, None, :]).reshape(len(one), k * k).astype(np.float64)
    sums = np.stack([np.kron(a, b) for a, b in ((ones, ones), (rank, ones), (ones, rank), (rank, rank))])
    both, of_one, of_other, product = sums @ shared.T  # (pairs,) each
    union = 2 * k - both
    mean, last = (union + 1) / 2, (k + 1 + union) / 2
    spread = (
        (k * (k + 1) * (2 * k + 1) / 6) - 2 * mean * rank.sum() + k * mean**2 + (k - both) * (last - mean) ** 2
    )
    covered = product - mean * (of_one + of_other) + both * mean**2
    single = 2 * (rank.sum() - k * mean) - (of_one + of_other) + 2 * both * mean
    together = covered + (last - mean) * single
    return np.asarray(np.divide(together, spread, out=np.full(len(one), np.nan), where=union > 1))


def complete(lang: np.ndarray) -> np.ndarray:
    """Tell which queries retrieved k passages.

    Args:
        lang: (n, k) int64, languages of their best passages, −1 where there are fewer.

    Returns:
        (n,) bool.
    """
    return np.asarray((lang >= 0).all(axis=1))


def _translations(task: RetrievalTask) -> Sequence[tuple[np.ndarray, np.ndarray]]:
    """List all pairs of a query and a translation of it, in arrays of equal length."""
    groups: dict[str, list[int]] = defaultdict(list)
    for query, key in enumerate(task.query_keys or ()):
        groups[key].append(query)
    sizes: Counter[int] = Counter(map(len, groups.values()))
    pairs = []
    for size in sizes:
        members = np.array([group for group in groups.values() if len(group) == size])  # (groups, size)
        langs = task.query_codes[members]
        for a, b in combinations(range(size), 2):
            differ = langs[:, a] != langs[:, b]
            pairs.append((members[differ, a], members[differ, b]))
    return pairs


MEASURES = {f"same_language@{K}": same_language, f"same_language_excess@{K}": same_language_excess}
"""Of each query alone."""
CORRELATION = f"mrc@{K}"
"""Of queries and their translations."""
