"""Go through a table of pairs and note which pair is where, as numbers alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hbir.batching.text_keys import text_hashes
from hbir.core.tables import Rows, pieces

_WAITING = 1 << 20
"""New ids that are held before they are sorted in."""


class _Piece(NamedTuple):
    """Hold some rows of the split."""

    rows: np.ndarray
    """(m,) of the index."""
    languages: np.ndarray
    """(m,) numbers."""
    table: pa.RecordBatch


@dataclass
class PairIndex:
    """Hold one row per pair of the split, in the order of `pair_id`, 50 bytes each and one per language."""

    languages: list[str]
    """(l,) of the whole table, sorted."""
    pair_ids: np.ndarray
    """(n,) int64, ascending."""
    sources: list[str]
    """In any order."""
    source: np.ndarray
    """(n,) int16."""
    passage_ids: np.ndarray
    """(n,) int64."""
    query_ids: np.ndarray
    """(n,) int64."""
    has: np.ndarray
    """(n, l) bool."""

    @classmethod
    def of(cls, pairs: Rows, split: str) -> "PairIndex":
        """Read the ids of a table.

        Args:
            pairs: rows in the format PAIRS.
            split: which pairs count.

        Returns:
            The index.
        """
        languages, pair_ids = _languages_and_ids(pairs, split)
        count = len(pair_ids)
        index = cls(
            languages=languages,
            pair_ids=pair_ids,
            sources=[],
            source=np.zeros(count, np.int16),
            passage_ids=np.zeros(count, np.int64),
            query_ids=np.zeros(count, np.int64),
            has=np.zeros((count, len(languages)), bool),
        )
        for rows, langs, table in index._pieces(pairs, split, ["passage_id", "query_id", "source"]):
            index.has[rows, langs] = True
            index.passage_ids[rows] = table["passage_id"].to_numpy()
            index.query_ids[rows] = table["query_id"].to_numpy()
            index.source[rows] = _numbered(table["source"], index.sources)
        return index

    def text_keys(self, pairs: Rows, split: str, side: str) -> tuple[np.ndarray, int]:
        """Number the texts of one side: those that read the same have the same number.

        Args:
            pairs: the same rows.
            split: the same.
            side: the column, `query` or `passage`.

        Returns:
            (n, l) integers from 1, 0 where there is no text; and the largest.
        """
        with text_hashes((len(self.pair_ids), len(self.languages))) as hashes:
            for rows, langs, table in self._pieces(pairs, split, [side]):
                hashes.put(rows * len(self.languages) + langs, table[side])
            return hashes.keys()

    def _pieces(self, pairs: Rows, split: str, columns: list[str]) -> Iterator[_Piece]:
        for piece in _of_split(pairs, split, ["lang", "pair_id", *columns]):
            rows = np.searchsorted(self.pair_ids, piece["pair_id"].to_numpy())
            yield _Piece(rows, _numbered(piece["lang"], self.languages), piece)


def _of_split(pairs: Rows, split: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    for piece in pieces(pairs, ["split", *columns]):
        chosen = piece.filter(pc.equal(piece["split"], split))
        if len(chosen):
            yield chosen


def _languages_and_ids(pairs: Rows, split: str) -> tuple[list[str], np.ndarray]:
    languages: set[str] = set()
    ids, waiting, count = np.zeros(0, np.int64), [np.zeros(0, np.int64)], 0
    for piece in pieces(pairs, ["lang", "pair_id", "split"]):
        languages.update(pc.unique(piece["lang"]).to_pylist())
        found = piece["pair_id"].filter(pc.equal(piece["split"], split)).to_numpy()
        waiting.append(found)
        count += len(found)
        if count > max(_WAITING, len(ids)):
            ids, waiting, count = np.union1d(ids, np.concatenate(waiting)), [np.zeros(0, np.int64)], 0
    return sorted(languages), np.union1d(ids, np.concatenate(waiting))


def _numbered(column: pa.Array, names: list[str]) -> np.ndarray:
    """Number the values of a column by their place in a list; new ones go to its end."""
    encoded = pc.dictionary_encode(column)
    found = encoded.dictionary.to_pylist()
    names.extend(name for name in found if name not in names)
    numbers = np.array([names.index(name) for name in found], np.int16)
    places: np.ndarray = numbers[encoded.indices.to_numpy()]
    return places
