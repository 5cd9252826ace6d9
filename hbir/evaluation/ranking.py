"""Rank every relevant passage exactly, in its own language's pool and in the pool of all languages.

A relevant passage lies in no other pool, so these two ranks carry every measure of every setting.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError
from hbir.core.hashing import content_id


@dataclass(frozen=True, kw_only=True)
class PositiveRanks:
    """Hold two ranks per positive (a query and a passage relevant to it), in the order of `task.relevant`.

    The arrays have shape (n_positives,). Ranks count from 1; 0 marks a passage that a run did not retrieve.
    """

    query: np.ndarray
    """int64, index of the query."""
    passage: np.ndarray
    """int64, index of the passage."""
    own_rank: np.ndarray
    """int64, rank among the passages in the passage's language."""
    pooled_rank: np.ndarray
    """int64, rank among the passages in all languages."""
    tied_own: np.ndarray
    """bool, whether another passage in its language has the same score."""
    tied_pooled: np.ndarray
    """bool, whether another passage in any language has the same score."""


def similarity_chunks(queries: np.ndarray, passages: np.ndarray, chunk: int) -> Iterator[np.ndarray]:
    """Score queries against passages in chunks of nearly equal size.

    BLAS may sum in another order for another shape, so another chunk size can change a score's last bit.

    Args:
        queries: (n_queries, d) embeddings; normalised ones make the scores cosines.
        passages: (n_passages, d) embeddings.
        chunk: most queries at once, at least 1.

    Yields:
        (up to chunk, n_passages) float32 scores, in the order of the queries.
    """
    transposed = np.asarray(passages, dtype=np.float32).T  # (d, n_passages)
    for part in np.array_split(queries, max(1, -(-len(queries) // chunk))):
        yield np.asarray(part, dtype=np.float32) @ transposed


def neutral_order(passage_ids: Iterable[str]) -> np.ndarray:
    """Order tied passages by a hash, so that ties favour no language whatever its ids look like.

    Args:
        passage_ids: one id per passage.

    Returns:
        (n_passages,) int64; of tied passages the one with the smaller number ranks first.
    """
    return np.array([content_id(passage_id) for passage_id in passage_ids], dtype=np.int64)


def rank_positives(
    task: RetrievalTask, score_chunks: Iterable[np.ndarray], tie_order: np.ndarray | None = None
) -> PositiveRanks:
    """Rank every positive in one pass over the scores: 1 + the better ones + the tied ones that come first.

    Args:
        task: the benchmark.
        score_chunks: (chunk, n_passages) scores, together one row per query in the task's order; not changed.
        tie_order: (n_passages,) int64, distinct; `neutral_order` of the ids when None.

    Returns:
        The two ranks of each positive.

    Raises:
        DataError: when the scores have another shape than the task, or one is NaN.
    """
    order = neutral_order(task.passage_ids) if tie_order is None else tie_order
    if order.shape != (len(task.passages),) or len(np.unique(order)) != len(order):
        found = f"shape {order.shape} with {len(np.unique(order))} distinct"
        raise _error(task, "a tie order of one distinct number per passage", found)
    ranker = _Ranker(task.passage_langs, order)
    ranks = np.zeros((2, len(task.relevant)), dtype=np.int64)  # own, pooled
    tied = np.zeros((2, len(task.relevant)), dtype=bool)
    first = 0
    for chunk in score_chunks:
        _check(task, first, chunk)
        ends = np.searchsorted(task.relevant[:, 0], [first, first + len(chunk)])
        part = slice(*ends.tolist())
        row, passage = (task.relevant[part] - [first, 0]).T
        ranks[:, part], tied[:, part] = ranker.rank(chunk, row, passage)
        first += len(chunk)
    if first != len(task.queries):
        raise _error(task, f"scores of {len(task.queries)} queries", f"{first} rows")
    query, passage = task.relevant.T
    return PositiveRanks(
        query=query,
        passage=passage,
        own_rank=ranks[0],
        pooled_rank=ranks[1],
        tied_own=tied[0],
        tied_pooled=tied[1],
    )


class _Ranker:
    """Rank the positives of one chunk after another.

    Each row is sorted language by language while it is in the cache, and its positives are found by bisection:
    exact, and hardly slower for many positives than for few.
    """

    def __init__(self, langs: list[str], order: np.ndarray) -> None:
        self.order = order
        languages, self.lang = np.unique(langs, return_inverse=True)
        blocks = np.argsort(self.lang, kind="stable")  # (n_passages,), language by language
        self.start = np.searchsorted(self.lang[blocks], np.arange(len(languages)))
        self.size = np.diff(self.start, append=len(langs))
        grouped = bool((np.diff(blocks) == 1).all())
        self.columns: slice | np.ndarray = slice(None) if grouped else blocks  # a slice copies faster

    def rank(self, chunk: np.ndarray, row: np.ndarray, passage: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return ranks and ties of the chunk's k positives: (2, k) int64 and (2, k) bool, own and pooled."""
        score = chunk[row, passage]  # (k,)
        own = self.lang[passage] == np.arange(len(self.start))[:, None]  # (languages, k)
        not_above, nearest = self._bisect(chunk, row, score, own)
        above = self.size[:, None] - not_above
        equal = (nearest == score) & (not_above > own)
        ranks = 1 + np.stack([(above * own).sum(axis=0), above.sum(axis=0)])
        tied = np.stack([(equal & own).any(axis=0), equal.any(axis=0)])
        for k in np.flatnonzero(tied[1]):
            ranks[:, k] += self._tied_before(chunk[row[k]], passage[k])
        return ranks, tied

    def _bisect(
        self, chunk: np.ndarray, row: np.ndarray, score: np.ndarray, own: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return per language and positive: how many scores are not above its own, and the best other one."""
        not_above = np.zeros(own.shape, dtype=np.int64)
        nearest = np.zeros(own.shape, dtype=chunk.dtype)
        scores = np.empty(chunk.shape[1], dtype=chunk.dtype)
        blocks = np.split(scores, self.start[1:])
        before_start = self.start[:, None] - 1
        ends = np.searchsorted(row, np.arange(len(chunk) + 1)).tolist()
        for number in np.unique(row).tolist():
            here = slice(ends[number], ends[number + 1])
            scores[:] = chunk[number, self.columns]
            for language, block in enumerate(blocks):
                block.sort()
                not_above[language, here] = block.searchsorted(score[here], side="right")
            nearest[:, here] = scores[before_start + not_above[:, here] - own[:, here]]
        return not_above, nearest

    def _tied_before(self, scores: np.ndarray, passage: int) -> tuple[int, int]:
        before = (scores == scores[passage]) & (self.order < self.order[passage])  # (n_passages,)
        own = before & (self.lang == self.lang[passage])
        return int(np.count_nonzero(own)), int(np.count_nonzero(before))


def _check(task: RetrievalTask, first: int, chunk: np.ndarray) -> None:
    if chunk.ndim != 2 or chunk.shape[1] != len(task.passages):
        raise _error(task, f"scores of {len(task.passages)} passages", f"shape {chunk.shape}")
    if first + len(chunk) > len(task.queries):
        raise _error(task, f"scores of {len(task.queries)} queries", "more rows")
    bad = np.flatnonzero(np.isnan(chunk.max(axis=1)))  # a maximum over NaN is NaN
    if len(bad):
        query = task.query_ids[first + int(bad[0])]
        passage = task.passage_ids[int(np.flatnonzero(np.isnan(chunk[bad[0]]))[0])]
        raise _error(task, "numbers as scores", f"NaN for query {query!r} and passage {passage!r}")


def _error(task: RetrievalTask, expected: str, found: str) -> DataError:
    return DataError(
        where=f"scores of benchmark {task.name}",
        expected=expected,
        found=found,
        hint="Check the encoder's embeddings, or the run, that the scores come from.",
    )
