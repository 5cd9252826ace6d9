"""Find pairs that are alike among those that share a rare gram."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from hbir.collection.sketches import Sketches

FEW = 8
"""A group of one more is compared all with all, many groups at once."""
MOST = 4096
"""Pairs of one group that others are compared with; a larger group is divided, or cut short."""
AT_ONCE = 256
"""In a group of at most so many all sketches are compared at once, not those of one pair after the other."""
PART = 1 << 18
"""Entries that are looked at together."""
Edges = tuple[np.ndarray, np.ndarray]
"""(e,) places of pairs, and (e,) of later ones that are alike."""


@dataclass
class Comparer:
    """Compare pairs by sketches first, then by their texts."""

    sides: tuple[Sketches, Sketches]
    """Of queries and of passages."""
    threshold: float
    alike: Callable[[int, int], bool]
    """Tells exactly whether two pairs are alike, by their places."""
    cut_short: set[int] = field(default_factory=set)
    """Places of pairs that were not compared with all they could be alike to."""

    def close(self, one: np.ndarray, other: np.ndarray) -> Edges:
        """Compare pairs two by two.

        Args:
            one: (m,) places.
            other: (m,) later places.

        Returns:
            Those that are alike.
        """
        maybe = self.may_be(one, other)
        one, other = one[maybe], other[maybe]
        sure = [self.alike(first, second) for first, second in zip(one.tolist(), other.tolist(), strict=True)]
        return one[sure], other[sure]

    def may_be(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Tell which pairs could be alike.

        Args:
            one: (m,) or (1,) places.
            other: (m,) places.

        Returns:
            (m,) bool.
        """
        queries, passages = self.sides
        found = queries.may_be(one, other, self.threshold)
        chosen = np.flatnonzero(found)
        found[chosen] = passages.may_be(one if len(one) == 1 else one[chosen], other[chosen], self.threshold)
        return found

    def scan(self, members: np.ndarray, dropped: np.ndarray | None) -> Edges:
        """Compare the pairs of a large group with those that are kept of it.

        Args:
            members: (m,) places, ascending.
            dropped: (n,) bool, which pairs are known to be left out; None where nothing is known yet: then what
                is alike to nothing before it in the group is kept.

        Returns:
            For each pair the first kept one that it is alike to.
        """
        if dropped is not None:
            members = members[~dropped[members]]
        if len(members) <= min(AT_ONCE, MOST):
            return self._scan_at_once(members)
        kept, count = np.empty(min(len(members), MOST), np.int64), 0
        one, other = [], []
        for place in members.tolist():
            found = self._first(place, kept[:count])
            if found is not None:
                one.append(found)
                other.append(place)
            elif count < len(kept):
                kept[count] = place
                count += 1
            else:
                self.cut_short.add(place)
        return np.array(one, np.int64), np.array(other, np.int64)

    def _scan_at_once(self, members: np.ndarray) -> Edges:
        """Do what `scan` does, with all sketches compared before any texts are."""
        first, second = np.triu_indices(len(members), 1)
        maybe = self.may_be(members[first], members[second])
        first, second = first[maybe], second[maybe]
        order = np.lexsort((first, second))  # by the later one, and for each the earliest first
        kept = [True] * len(members)
        one, other = [], []
        for number in order.tolist():
            early, late = int(first[number]), int(second[number])
            if kept[early] and kept[late] and self.alike(int(members[early]), int(members[late])):
                kept[late] = False
                one.append(members[early])
                other.append(members[late])
        return np.array(one, np.int64), np.array(other, np.int64)

    def _first(self, place: int, kept: np.ndarray) -> int | None:
        maybe = kept[self.may_be(np.array([place]), kept)].tolist()
        return next((other for other in maybe if self.alike(other, place)), None)


def whole_groups(grams: np.ndarray, places: np.ndarray) -> Iterator[Edges]:
    """Divide sorted entries into parts, none of which ends within a group.

    Args:
        grams: (m,) ascending.
        places: (m,) of pairs.

    Yields:
        Grams and places of about PART entries.
    """
    start = 0
    while start < len(grams):
        last = grams[min(start + PART, len(grams)) - 1]
        stop = int(np.searchsorted(grams, last, side="right"))
        yield grams[start:stop], places[start:stop]
        start = stop


def small_groups(grams: np.ndarray, places: np.ndarray) -> Iterator[Edges]:
    """List all pairs of those that share a gram, where few share it.

    Args:
        grams: (m,) ascending, those of whole groups.
        places: (m,) of pairs, ascending where grams are equal.

    Yields:
        (k,) places, and as many later ones.
    """
    starts = np.flatnonzero(np.concatenate([[True], grams[1:] != grams[:-1]]))
    sizes = np.diff(np.append(starts, len(grams)))
    small = np.repeat(sizes <= FEW + 1, sizes)
    for distance in range(1, FEW + 1):
        here = np.flatnonzero(small[:-distance] & (grams[distance:] == grams[:-distance]))
        if not len(here):
            return
        yield places[here], places[here + distance]


def large_groups(grams: np.ndarray, places: np.ndarray) -> Iterator[np.ndarray]:
    """List those that share a gram, where many share it.

    Args:
        grams: (m,) ascending, those of whole groups.
        places: (m,) of pairs, ascending where grams are equal.

    Yields:
        (k,) places, ascending.
    """
    starts = np.flatnonzero(np.concatenate([[True], grams[1:] != grams[:-1]]))
    ends = np.append(starts[1:], len(grams))
    for number in np.flatnonzero(ends - starts > FEW + 1).tolist():
        yield places[starts[number] : ends[number]]
