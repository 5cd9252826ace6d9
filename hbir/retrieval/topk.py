"""Keep the best passages of every query while the corpus streams past, in memory that does not grow with it."""

import os

import faiss
import numpy as np

from hbir.core.errors import ModelError

_LAST = np.iinfo(np.int64).max


def search_with_all_cores() -> None:
    """Let faiss use as many threads as it takes by itself in a process alone, whatever a launcher says.

    Another number of threads adds up in another order, and moves the last digits of scores: torchrun's default
    of one thread ranked two near neighbours the other way round among 1,019 queries × 9,001 passages.
    """
    # Not every system has it.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    faiss.omp_set_num_threads(cores or 1)


class TopK:
    """Hold the k best passages of each query among those seen so far.

    A passage is known by its key, a distinct int64. Of equal scores the smaller key ranks first, at the cut-off
    too, so that neither the order nor the size of the chunks decides what is retrieved.
    """

    def __init__(self, queries: np.ndarray, k: int) -> None:
        """Begin with nothing retrieved.

        Args:
            queries: (n, d) embeddings.
            k: passages to keep per query, at least 1.

        Raises:
            ModelError: when an embedding is no number.
        """
        with np.errstate(over="ignore"):
            self.queries = np.ascontiguousarray(queries, dtype=np.float32)  # (n, d)
        if bad := np.count_nonzero(~np.isfinite(self.queries).all(axis=1)):
            raise ModelError(
                where="the model's query embeddings",
                expected="finite numbers",
                found=f"others for {bad} of {len(queries)} queries",
                hint="Check the model's weights.",
            )
        self._widener = _Widener(self.queries.shape[1])
        self.k = k
        self.scores = np.full((len(queries), k), -np.inf, dtype=np.float32)
        """(n, k) float32, best first; minus infinity where there are fewer passages."""
        self.keys = np.full((len(queries), k), _LAST, dtype=np.int64)
        """(n, k) int64, keys of the same passages."""

    @property
    def found(self) -> np.ndarray:
        """Return which places hold a passage: (n, k) bool."""
        return np.asarray(self.scores > -np.inf)

    def add(self, embeddings: np.ndarray, keys: np.ndarray) -> None:
        """Score some more passages by inner product and keep the best.

        Args:
            embeddings: (m, d) of any float type.
            keys: (m,) int64, distinct from all before.
        """
        if len(embeddings) and len(self.queries):
            passages = self._widener.widen(embeddings)  # (m, d)
            self.merge(*_nearest(self.queries, passages, keys, self.k))

    def merge(self, scores: np.ndarray, keys: np.ndarray) -> None:
        """Keep the best of what is held and of other passages.

        Args:
            scores: (n, m) float32.
            keys: (n, m) int64, distinct from those held.
        """
        both = np.concatenate([self.scores, scores], axis=1)
        names = np.concatenate([self.keys, keys], axis=1)
        best = _best_first(both, names, self.k)  # (n, k)
        self.scores = np.take_along_axis(both, best, axis=1)
        self.keys = np.take_along_axis(names, best, axis=1)


def _nearest(
    queries: np.ndarray, passages: np.ndarray, keys: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and keys of the k best of a chunk, in any order: (n, min(k, m))."""
    asked = min(k + 1, len(passages))
    scores, rows = faiss.knn(queries, passages, asked, faiss.METRIC_INNER_PRODUCT)  # (n, asked)
    if asked > k:
        # faiss cuts through equal scores as its heaps happen to lie, which one passage more reveals.
        for query in np.flatnonzero(scores[:, k - 1] == scores[:, k]):
            every, row = faiss.knn(queries[[query]], passages, len(passages), faiss.METRIC_INNER_PRODUCT)
            best = np.lexsort((keys[row[0]], -every[0]))[:asked]
            scores[query], rows[query] = every[0, best], row[0, best]
    return scores[:, :k], keys[rows[:, :k]]


def _best_first(scores: np.ndarray, keys: np.ndarray, k: int) -> np.ndarray:
    """Find the k best of (n, m) scores, of equal ones the smaller key first: (n, k) int64 columns.

    Keys are looked at in those rows alone where scores are equal. Gain: 0.18 → 0.05 s for 13 chunks of 1,000
    queries and k = 100.
    """
    best = np.argsort(-scores, axis=1)[:, : k + 1]  # (n, k + 1), or all
    ranked = np.take_along_axis(scores, best, axis=1)
    equal = (ranked[:, 1:] == ranked[:, :-1]) & (ranked[:, 1:] > -np.inf)
    rows = np.flatnonzero(equal.any(axis=1))
    best[rows] = np.lexsort((keys[rows], -scores[rows]), axis=1)[:, : k + 1]
    return best[:, :k]


class _Widener:
    """Turn chunk after chunk into float32, in memory that is taken once.

    faiss does so with all cores, and nothing is handed back to the system between chunks. Gain: 0.16 → 0.04 s
    for 200,000 × 256; the same numbers.
    """

    def __init__(self, dimension: int) -> None:
        self._half = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16)
        self._held = np.empty((0, dimension), dtype=np.float32)

    def widen(self, embeddings: np.ndarray) -> np.ndarray:
        """Return (m, d) embeddings as float32; what was returned before is overwritten."""
        if embeddings.dtype != np.float16:
            return np.ascontiguousarray(embeddings, dtype=np.float32)
        if len(self._held) < len(embeddings):
            self._held = np.empty(embeddings.shape, dtype=np.float32)
        wide = self._held[: len(embeddings)]
        self._half.sa_decode(np.ascontiguousarray(embeddings).view(np.uint8), wide)
        return wide
