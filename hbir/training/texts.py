"""Look up the texts of planned examples."""

import itertools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from hbir.batching.plan import Batch
from hbir.core.errors import DataError


class PairTexts:
    """Find queries and passages by pair and language."""

    def __init__(self, pairs: pa.Table) -> None:
        """Index the pairs.

        Args:
            pairs: rows of `data/pairs.parquet`, sorted by language and pair.
        """
        self._queries = pairs["query"].combine_chunks()
        self._passages = pairs["passage"].combine_chunks()
        self._ids = pairs["pair_id"].to_numpy()  # (n,)
        langs = pairs["lang"].to_pylist()
        starts = [0, *(i for i in range(1, len(langs)) if langs[i] != langs[i - 1]), len(langs)]
        self._spans = {langs[start]: (start, end) for start, end in itertools.pairwise(starts) if start < end}

    def queries(self, batch: Batch) -> list[str]:
        """Look up the queries of a batch.

        Args:
            batch: which pairs, and each query's language.

        Returns:
            (b,) texts.
        """
        texts: list[str] = self._queries.take(self._rows(batch.pair_ids, batch.query_langs)).to_pylist()
        return texts

    def passages(self, batch: Batch) -> list[str]:
        """Look up the passages of a batch.

        Args:
            batch: which pairs, and each passage's language.

        Returns:
            (b,) texts.
        """
        texts: list[str] = self._passages.take(self._rows(batch.pair_ids, batch.passage_langs)).to_pylist()
        return texts

    def _rows(self, pair_ids: np.ndarray, langs: Sequence[str]) -> pa.Array:
        return pa.array([self._row(pair_id, lang) for pair_id, lang in zip(pair_ids, langs, strict=True)])

    def _row(self, pair_id: int, lang: str) -> int:
        start, end = self._spans.get(lang, (0, 0))
        row = start + int(np.searchsorted(self._ids[start:end], pair_id))
        if row == end or self._ids[row] != pair_id:
            raise DataError(
                where="data/pairs.parquet",
                expected=f"pair {pair_id} in {lang}, which the plan names",
                found="none",
                hint="Run `dvc repro build_batches`, which makes both from the same pairs.",
            )
        return row
