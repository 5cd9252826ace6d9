"""Find the rows of planned examples among the pairs, and their texts."""

import itertools
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from hbir.batching.plan import Batch
from hbir.core.errors import DataError
from hbir.encoding.prompts import Side

_COLUMN: dict[Side, str] = {"query": "query", "document": "passage"}


class PairTexts:
    """Find queries and passages by pair and language."""

    def __init__(self, pairs: pa.Table) -> None:
        """Index the pairs.

        Args:
            pairs: rows of `data/pairs.parquet`, sorted by language and pair.
        """
        self._columns = {side: pairs[column] for side, column in _COLUMN.items()}
        self._ids = pairs["pair_id"].to_numpy()  # (n,)
        langs = pairs["lang"].to_pylist()
        starts = [0, *(i for i in range(1, len(langs)) if langs[i] != langs[i - 1]), len(langs)]
        self._spans = {langs[start]: (start, end) for start, end in itertools.pairwise(starts) if start < end}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._ids)

    def rows(self, batch: Batch) -> dict[Side, np.ndarray]:
        """Find the rows of a batch.

        Args:
            batch: which pairs, and the languages of both sides.

        Returns:
            By side, (b,) rows of the pairs.

        Raises:
            DataError: when there is no such pair in that language.
        """
        return {
            "query": self._rows(batch.pair_ids, batch.query_langs),
            "document": self._rows(batch.pair_ids, batch.passage_langs),
        }

    def texts(self, side: Side, rows: np.ndarray | slice) -> list[str]:
        """Look up texts.

        Args:
            side: of queries or passages.
            rows: (k,) rows, or a range of them.

        Returns:
            (k,) texts.
        """
        column = self._columns[side]
        part = column[rows] if isinstance(rows, slice) else column.take(pa.array(rows))
        texts: list[str] = part.to_pylist()
        return texts

    def _rows(self, pair_ids: np.ndarray, langs: Sequence[str]) -> np.ndarray:
        rows = np.empty(len(pair_ids), dtype=np.int64)
        names = np.asarray(langs)
        for lang in dict.fromkeys(langs):
            here = names == lang
            start, end = self._spans.get(lang, (0, 0))
            rows[here] = start + self._found(pair_ids[here], self._ids[start:end], lang)
        return rows

    def _found(self, wanted: np.ndarray, there: np.ndarray, lang: str) -> np.ndarray:
        """Return the places of pairs among those of one language, which are in order."""
        places = np.searchsorted(there, wanted)
        missing = places == len(there)
        missing[~missing] = there[places[~missing]] != wanted[~missing]
        if missing.any():
            raise DataError(
                where="data/pairs.parquet",
                expected=f"pair {wanted[missing][0]} in {lang}, which the plan names",
                found="none",
                hint="Run `dvc repro build_batches`, which makes both from the same pairs.",
            )
        return places
