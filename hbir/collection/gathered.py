"""Take in the pairs of one source after the other; of repeated ones the first stays."""

from collections import Counter, defaultdict
from collections.abc import Callable

from hbir.collection.pair_store import HeldPairs, PairStore, merged, pair_id_of, size_of
from hbir.collection.source import Pair
from hbir.collection.staged import Staging

HELD = 1 << 16
"""Pairs that are held in memory at most; more go to the disk."""
HELD_BYTES = 1 << 26
"""What they take of the memory at most."""


class Gathered:
    """Hold what was read so far, in memory until it is too much."""

    def __init__(self, begin: Callable[[], Staging] | None = None) -> None:
        """Hold nothing.

        Args:
            begin: begins to write pairs to the disk when they are too many; None holds them whatever happens.
        """
        self.names: list[str] = []
        """Of the sources so far."""
        self.read: Counter[str] = Counter()
        """Pairs of each source, before cleaning."""
        self.dropped: dict[str, Counter[str]] = defaultdict(Counter)
        """What each source lost."""
        self._begin = begin
        self._pairs: dict[int, tuple[Pair, int]] = {}
        self._size = 0
        self._staging: Staging | None = None

    def begin(self, name: str) -> Counter[str]:
        """Go on to the next source.

        Args:
            name: its name.

        Returns:
            What it loses, to be counted.
        """
        self.names.append(name)
        return self.dropped[name]

    def add(self, pair: Pair) -> None:
        """Take a pair of the current source in.

        Args:
            pair: cleaned, with its split.
        """
        number = len(self.names) - 1
        if self._staging:
            self._staging.add(pair, number)
            return
        pair_id = pair_id_of(pair)
        if pair_id in self._pairs:
            self.dropped[self.names[-1]][REPEATED] += 1
            first, number = self._pairs[pair_id]
            pair = merged(first, pair)
            self._size -= size_of(first)
        self._pairs[pair_id] = pair, number
        self._size += size_of(pair)
        if self._begin and (len(self._pairs) > HELD or self._size > HELD_BYTES):
            self._staging = self._begin()
            for held, owner in self._pairs.values():
                self._staging.add(held, owner)
            self._pairs = {}

    def finished(self) -> PairStore:
        """Put all pairs in order.

        Returns:
            The pairs, each once.
        """
        if not self._staging:
            return HeldPairs(self.names, self._pairs)
        store, repeated = self._staging.settled(self.names)
        for number, count in repeated.items():
            self.dropped[self.names[number]][REPEATED] += count
        return store

    @property
    def repeating(self) -> set[str]:
        """Return the sources that gave pairs of earlier ones alone; whole when all is finished."""
        return {name for name, count in self.read.items() if count and count == self.dropped[name][REPEATED]}


REPEATED = "repeated pair"
