"""Write pairs to the disk as they are read, and put them in order there."""

from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hbir.collection.ordered import Parts
from hbir.collection.pair_file import Record, content_of
from hbir.collection.pair_store import pair_id_of
from hbir.collection.source import Pair
from hbir.collection.stored import StoredPairs


class Staging:
    """Write what is read, and forget it."""

    def __init__(self, folder: Path, memory: int) -> None:
        """Open the files.

        Args:
            folder: an existing one, which must stay until all work is done.
            memory: bytes that pairs may take at a time while they are put in order.
        """
        self._folder, self._memory = folder, memory
        self._parts = Parts(folder / "parts")
        self._read: Counter[int] = Counter()

    def add(self, pair: Pair, source: int) -> None:
        """Write a pair.

        Args:
            pair: with its split.
            source: its number.
        """
        self._parts.add(Record(pair_id_of(pair), source, pair))
        self._read[source] += 1

    def settled(self, names: Sequence[str]) -> tuple[StoredPairs, Counter[int]]:
        """Put the pairs in order, each once.

        Args:
            names: of the sources.

        Returns:
            The pairs; and by source how many it gave of pairs that were there already.
        """
        sources, ends = array("h"), array("q", [0])
        path = self._folder / "pairs"
        with path.open("wb") as stream:
            for record in self._parts.ordered(self._memory):
                sources.append(record.source)
                ends.append(ends[-1] + stream.write(content_of(record)))
        store = StoredPairs(names, path, np.frombuffer(sources, np.int16), np.frombuffer(ends, np.int64))
        return store, self._read - store.counts
