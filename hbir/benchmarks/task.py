"""Define what every benchmark becomes: queries, passages and relevance, each with a language."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hbir.core.errors import DataError


@dataclass(frozen=True, kw_only=True)
class RetrievalTask:
    """Hold a multilingual retrieval benchmark.

    Ids of queries and passages never share a namespace, and relevance is binary.
    """

    name: str
    version: str
    query_ids: list[str]
    queries: list[str]
    query_langs: list[str]
    passage_ids: list[str]
    passages: list[str]
    passage_langs: list[str]
    relevant: np.ndarray
    """(n_relevant, 2) int64: query index and passage index, sorted and unique."""
    query_groups: list[str] | None = None
    """An optional label per query, scored separately too."""

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        self._check_side("queries", self.query_ids, self.queries, self.query_langs)
        self._check_side("passages", self.passage_ids, self.passages, self.passage_langs)
        if self.query_groups is not None and len(self.query_groups) != len(self.queries):
            raise self._error(f"{len(self.queries)} query groups", str(len(self.query_groups)))
        self._check_relevant()

    @property
    def languages(self) -> list[str]:
        """Return the languages of both sides, sorted."""
        return sorted({*self.query_langs, *self.passage_langs})

    def _check_side(self, side: str, ids: Sequence[str], texts: Sequence[str], langs: Sequence[str]) -> None:
        if not len(ids) == len(texts) == len(langs):
            raise self._error(
                f"as many ids and languages as {side}", f"{len(ids)}, {len(langs)} and {len(texts)}"
            )
        if not ids:
            raise self._error(f"at least one of the {side}", "none")
        if len(set(ids)) != len(ids):
            twice = Counter(ids).most_common(1)[0][0]
            raise self._error(f"{side} with ids of their own", f"{twice!r} more than once")

    def _check_relevant(self) -> None:
        pairs = self.relevant
        if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype != np.int64:
            raise self._error("relevant of shape (n, 2) int64", f"{pairs.shape} {pairs.dtype}")
        bounds = np.array([len(self.queries), len(self.passages)])
        if len(pairs) and ((pairs < 0).any() or (pairs >= bounds).any()):
            raise self._error("relevant indices within queries and passages", "one outside")
        order = pairs[:, 0] * len(self.passages) + pairs[:, 1]
        if (np.diff(order) <= 0).any():
            raise self._error("relevant sorted and without repetition", "another order or a repetition")

    def _error(self, expected: str, found: str) -> DataError:
        return DataError(
            where=f"benchmark {self.name}",
            expected=expected,
            found=found,
            hint="Check the benchmark's files.",
        )
