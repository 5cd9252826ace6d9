"""Rank passages by BM25, with the package bm25s."""

from collections.abc import Sequence

import bm25s
import numpy as np

K1, B = 0.9, 0.4
"""Source: the defaults of Anserini and Pyserini, which BEIR and MIRACL report as BM25."""


class Bm25:
    """Hold an index over tokenised passages."""

    def __init__(self, passages: Sequence[Sequence[str]]) -> None:
        """Index passages.

        Args:
            passages: the words of each.
        """
        self._count = len(passages)
        self._index = bm25s.BM25(k1=K1, b=B, method="lucene") if any(passages) else None
        if self._index:
            self._index.index([list(words) for words in passages], show_progress=False)

    def scores(self, queries: Sequence[Sequence[str]]) -> np.ndarray:
        """Score every passage for some queries.

        Args:
            queries: the words of each; one that comes twice counts twice.

        Returns:
            (n_queries, n_passages) float32, 0 where no word is shared.
        """
        found = np.zeros((len(queries), self._count), np.float32)
        for row, query in enumerate(queries):
            known = self._index.get_tokens_ids(query) if self._index else []
            if self._index and known:
                found[row] = self._index.get_scores_from_ids(known)
        return found
