"""Hold the pairs that were read, each once, in the order of their ids."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from sys import getsizeof
from typing import NamedTuple

import numpy as np

from hbir.collection.source import Pair
from hbir.core.hashing import content_id
from hbir.core.text import normalise

Texts = tuple[str, str]
"""A query and its passage."""


class Numbered(NamedTuple):
    """Hold a pair and where it stands."""

    place: int
    """Among all pairs, by ascending id."""
    pair_id: int
    source: str
    pair: Pair


class PairStore(ABC):
    """Hold pairs in memory or on the disk; those that are left out are passed over from then on."""

    folder: Path | None = None
    """Where they are on the disk, with room for more; None where they are in memory."""

    def __init__(self, names: Sequence[str], sources: np.ndarray) -> None:
        """Begin with all pairs.

        Args:
            names: of the sources.
            sources: (n,) the number of the source that each pair belongs to.
        """
        self._names, self._sources = list(names), sources
        self._reasons: list[str] = [""]
        self._dropped = np.zeros(len(sources), np.uint16)
        """(n,) which of the reasons; 0 for those that are left."""

    def __iter__(self) -> Iterator[Numbered]:
        """Go through the pairs that are left, in the order of their ids."""
        return (numbered for numbered in self._all() if not self._dropped[numbered.place])

    def __len__(self) -> int:
        """Return the number of pairs that are left."""
        return int(np.count_nonzero(self._dropped == 0))

    def drop(self, reasons: Iterable[tuple[int, str]]) -> None:
        """Leave pairs out.

        Args:
            reasons: place and reason; they may be found while all pairs are gone through.
        """
        for place, reason in reasons:
            if reason not in self._reasons:
                self._reasons.append(reason)
            self._dropped[place] = self._reasons.index(reason)

    def dropped(self) -> dict[str, Counter[str]]:
        """Count what was left out: source → reason → pairs."""
        counts: dict[str, Counter[str]] = {}
        for number, name in enumerate(self._names):
            found = np.bincount(self._dropped[self._sources == number], minlength=len(self._reasons))
            named = zip(self._reasons, found.tolist(), strict=True)
            counts[name] = Counter({reason: count for reason, count in named if reason and count})
        return counts

    def left(self) -> dict[str, int]:
        """Count the pairs that are left, by source."""
        found = np.bincount(self._sources[self._dropped == 0], minlength=len(self._names))
        return dict(zip(self._names, found.tolist(), strict=True))

    @abstractmethod
    def _all(self) -> Iterator[Numbered]:
        """Go through all pairs in the order of their ids."""

    @abstractmethod
    def texts(self, places: np.ndarray) -> Sequence[Texts]:
        """Give the texts of some pairs, to be looked up again and again.

        Args:
            places: (k,) ascending.

        Returns:
            (k,) of them, in English or the pair's own language.
        """


class HeldPairs(PairStore):
    """Hold pairs in memory."""

    def __init__(self, names: Sequence[str], pairs: Mapping[int, tuple[Pair, int]]) -> None:
        """Put the pairs in order.

        Args:
            names: of the sources.
            pairs: by id, each with the number of its source.
        """
        self._ids = sorted(pairs)
        self._pairs = [pairs[pair_id][0] for pair_id in self._ids]
        super().__init__(names, np.array([pairs[pair_id][1] for pair_id in self._ids], np.int16))

    def _all(self) -> Iterator[Numbered]:
        rows = zip(self._ids, self._sources.tolist(), self._pairs, strict=True)
        for place, (pair_id, source, pair) in enumerate(rows):
            yield Numbered(place, pair_id, self._names[source], pair)

    def texts(self, places: np.ndarray) -> list[Texts]:
        """Give the texts of some pairs.

        Args:
            places: (k,) ascending.

        Returns:
            (k,) of them.
        """
        chosen = (self._pairs[place] for place in places.tolist())
        return [(pair.query, pair.passage) for pair in chosen]


def pair_id_of(pair: Pair) -> int:
    """Hash a pair into its id: by its keys, or else by what its texts read.

    Args:
        pair: any.

    Returns:
        The id.
    """
    query, passage = pair.query_key or normalise(pair.query), pair.passage_key or normalise(pair.passage)
    return content_id("pair", query, passage)


def side_ids_of(pair: Pair) -> tuple[int, int]:
    """Hash the sides of a pair into their ids, as the pair into its own.

    Args:
        pair: any.

    Returns:
        The ids of the passage and of the query.
    """
    query, passage = pair.query_key or normalise(pair.query), pair.passage_key or normalise(pair.passage)
    return content_id("passage", passage), content_id("query", query)


def merged(pair: Pair, again: Pair) -> Pair:
    """Keep the pair of the earlier source, with the languages of both.

    Args:
        pair: of the earlier source.
        again: the same of the later one.

    Returns:
        Their pair.
    """
    versions = {**again.versions, **pair.versions}
    return pair._replace(versions=versions, translate=pair.translate or again.translate)


def size_of(pair: Pair) -> int:
    """Measure what a pair takes in memory.

    Args:
        pair: any.

    Returns:
        Bytes, about: a text has one to four for a letter, whatever its file has.
    """
    texts = (text for _, version in pair.texts() for text in version)
    return _BESIDE + sum(_BESIDE + getsizeof(text) for text in texts)


_BESIDE = 100
"""Bytes of a pair and of each of its texts, beside the letters."""
