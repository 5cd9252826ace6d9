"""Rank every relevant passage exactly, in its own language's pool and in the pool of all languages.

A relevant passage lies in no other pool, so these two ranks carry every measure of every setting.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError
from hbir.core.hashing import content_id
from hbir.evaluation.above import Pools, count_above
from hbir.evaluation.top import TopPassages, top_columns


@dataclass(frozen=True, kw_only=True)
class PositiveRanks:
    """Hold two ranks per positive (a query and a passage relevant to it), sorted by query and passage.

    The arrays have shape (n_positives,). Ranks count from 1; 0 marks a passage that a run did not retrieve.
    """

    query: np.ndarray
    """int64, index of the query."""
    passage: np.ndarray
    """int64, index of the passage."""
    gain: np.ndarray
    """float64, its grade."""
    rank_in_language: np.ndarray
    """int64, rank among the passages in the passage's language."""
    pooled_rank: np.ndarray | None
    """int64, rank among the passages in all languages; None where those were not searched together."""
    tied_in_language: np.ndarray
    """bool, whether another passage in its language has the same score."""
    tied_pooled: np.ndarray
    """bool, whether another passage in any language has the same score."""
    top: TopPassages | None = None
    """The best passages of the same queries, and of those between them without a positive; None where nobody
    looked for them."""


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


def rank_chunks(
    task: RetrievalTask,
    score_chunks: Iterable[np.ndarray],
    tie_order: np.ndarray | None = None,
    top: bool = False,
) -> Iterator[PositiveRanks]:
    """Rank every positive in one pass over the scores: 1 + the better ones + the tied ones that come first.

    Args:
        task: the benchmark.
        score_chunks: (chunk, n_passages) scores, together one row per query in the task's order; not changed.
        tie_order: (n_passages,) int64, distinct; `neutral_order` of the ids when None.
        top: whether to find the best passages of every query too.

    Yields:
        The two ranks of each positive, for the queries of one chunk after the other.

    Raises:
        DataError: when the scores have another shape than the task, or one is NaN.
    """
    order = neutral_order(task.passage_ids) if tie_order is None else tie_order
    if order.shape != (len(task.passages),) or len(np.unique(order)) != len(order):
        found = f"shape {order.shape} with {len(np.unique(order))} distinct"
        raise _error(task, "a tie order of one distinct number per passage", found)
    first = 0
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_WORKERS)) as pool:
        ranker = _Ranker(task.passage_langs, order, pool)
        for chunk in score_chunks:
            _check(task, first, chunk)
            last = first + len(chunk)
            query, passage = task.positives(first, last).T
            ranks, tied, numbers = ranker.rank(chunk, query - first, passage)
            if not numbers:
                raise _nan(task, first, chunk)
            best = top_columns(chunk, order, pool) if top else None
            yield PositiveRanks(
                query=query,
                passage=passage,
                gain=task.gains(first, last),
                rank_in_language=ranks[0],
                pooled_rank=ranks[1],
                tied_in_language=tied[0],
                tied_pooled=tied[1],
                top=None if best is None else TopPassages.of(task, first, best),
            )
            first = last
    if first != len(task.queries):
        raise _error(task, f"scores of {len(task.queries)} queries", f"{first} rows")


_MOST_WORKERS = 8


class _Ranker:
    """Rank the positives of one chunk after another."""

    def __init__(self, langs: list[str], order: np.ndarray, workers: ThreadPoolExecutor) -> None:
        self.order = order
        self.workers = workers
        self.pools = Pools.of(langs)
        self.lang = self.pools.lang

    def rank(
        self, chunk: np.ndarray, row: np.ndarray, passage: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """Return ranks and ties of a chunk's k positives: (2, k) int64 and (2, k) bool, in language and pool.

        The last value tells whether all scores are numbers.
        """
        found = count_above(chunk, row, passage, self.pools, self.workers)
        ranks = found.above + 1
        if found.numbers:
            self._add_tied(ranks, chunk, row, passage, np.flatnonzero(found.tied[1]))
        return ranks, found.tied, found.numbers

    def _add_tied(
        self, ranks: np.ndarray, chunk: np.ndarray, row: np.ndarray, passage: np.ndarray, tied: np.ndarray
    ) -> None:
        """Add to each tied positive's ranks the tied passages that come first."""
        groups: dict[tuple[int, float], list[int]] = defaultdict(list)
        for k in tied.tolist():
            groups[row[k], chunk[row[k], passage[k]]].append(k)
        for (number, score), group in groups.items():
            members = np.array(group)  # (m,)
            equal = np.flatnonzero(chunk[number] == score)  # (e,)
            ranks[1, members] += self._before(equal, passage[members])
            member_lang = self.lang[passage[members]]
            for language in np.unique(member_lang):
                same = members[member_lang == language]
                ranks[0, same] += self._before(equal[self.lang[equal] == language], passage[same])

    def _before(self, tied: np.ndarray, passage: np.ndarray) -> np.ndarray:
        """Count the (e,) tied passages that come before each of (m,) passages: (m,) int64, in e log e."""
        return np.asarray(np.searchsorted(np.sort(self.order[tied]), self.order[passage]))


def _check(task: RetrievalTask, first: int, chunk: np.ndarray) -> None:
    if chunk.ndim != 2 or chunk.shape[1] != len(task.passages):
        raise _error(task, f"scores of {len(task.passages)} passages", f"shape {chunk.shape}")
    if first + len(chunk) > len(task.queries):
        raise _error(task, f"scores of {len(task.queries)} queries", "more rows")


def _nan(task: RetrievalTask, first: int, chunk: np.ndarray) -> DataError:
    row, passage = np.argwhere(np.isnan(chunk))[0].tolist()
    found = f"NaN for query {task.query_ids[first + row]!r} and passage {task.passage_ids[passage]!r}"
    return _error(task, "numbers as scores", found)


def _error(task: RetrievalTask, expected: str, found: str) -> DataError:
    return DataError(
        where=f"scores of benchmark {task.name}",
        expected=expected,
        found=found,
        hint="Check the encoder's embeddings, or the run, that the scores come from.",
    )
