"""Read pairs from the disk, in the order of their ids, whenever they are asked for."""

import os
import weakref
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hbir.collection.pair_file import record_of, records
from hbir.collection.pair_store import Numbered, PairStore, Texts


class StoredPairs(PairStore):
    """Read pairs from the disk whenever they are asked for."""

    def __init__(self, names: Sequence[str], path: Path, sources: np.ndarray, ends: np.ndarray) -> None:
        """Hold where each pair stands.

        Args:
            names: of the sources.
            path: a file of pairs by ascending id.
            sources: (n,) int16, the number of the source of each.
            ends: (n + 1,) int64, 0 and the byte at which each ends.
        """
        super().__init__(names, sources)
        self.folder = path.parent
        self._path, self._ends = path, ends

    @property
    def counts(self) -> Counter[int]:
        """Return how many pairs each source owns, by its number."""
        numbers, counts = np.unique(self._sources, return_counts=True)
        return Counter(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))

    def _all(self) -> Iterator[Numbered]:
        for place, record in enumerate(records(self._path)):
            yield Numbered(place, record.pair_id, self._names[record.source], record.pair)

    def texts(self, places: np.ndarray) -> "StoredTexts":
        """Give the texts of some pairs, which stay on the disk.

        Args:
            places: (k,) ascending.

        Returns:
            (k,) of them.
        """
        return StoredTexts(self._path, self._ends, places)


class StoredTexts(Sequence[Texts]):
    """Look queries and passages up in a file; it is not mapped, as mapped pages count as memory."""

    def __init__(self, path: Path, ends: np.ndarray, places: np.ndarray) -> None:
        """Open the file.

        Args:
            path: a file of pairs.
            ends: (n + 1,) int64, 0 and the byte at which each ends.
            places: (k,) of those that are meant.
        """
        self._ends, self._places = ends, places
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self._places)

    def __getitem__(self, number: Any) -> Any:
        """Look up the query and the passage of one pair."""
        place = self._places[number]  # an IndexError beyond the last ends an iteration
        start, end = self._ends[place : place + 2].tolist()
        pair = record_of(os.pread(self._file, end - start, start)).pair
        return pair.query, pair.passage
