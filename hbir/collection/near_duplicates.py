"""Find pairs that say nearly the same as another pair."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from hbir.collection.crowds import MOST, Comparer, Edges, large_groups, small_groups, whole_groups
from hbir.collection.pair_store import PairStore, Texts
from hbir.collection.progress import shown
from hbir.collection.sketches import GRAM, WORDS, Sketches, count_texts, gram_hashes, rarest, sketch
from hbir.core.text import normalise

_WAITING = 1 << 14
"""Pairs of which the grams are put into one array."""


def drop_near_duplicates(store: PairStore, threshold: float) -> int:
    """Leave out the pairs whose query and passage are both nearly those of a pair that is kept.

    Pairs with keys come from templates, which make near-duplicates by design, and are passed over.

    Args:
        store: the pairs. Of each two the lower id is kept, so the order of the sources does not matter.
        threshold: Jaccard similarity of the sets of character 5-grams, from 0.1 to 1.

    Returns:
        How many pairs were not compared with all they could be alike to, since too many share their grams.
    """
    places = np.fromiter((numbered.place for numbered in store if not numbered.pair.query_key), np.int64)
    search = Search(store.texts(places) if len(places) else [], threshold)
    dropped = places[search.dropped()]
    store.drop(dict.fromkeys(dropped.tolist(), "near-duplicate pair"))
    return len(search.comparer.cut_short)


class Search:
    """Search pairs in the order of their ids.

    Two pairs that are alike share one of their query's rarest grams. Those that do are compared; where too many
    do, as where one query has many answers, those that also share a rare gram of their passages. Everything
    is exact unless a pair is counted as cut short.
    """

    def __init__(self, texts: Sequence[Texts], threshold: float) -> None:
        """Hash all texts.

        Args:
            texts: (n,) pairs, by ascending id.
            threshold: Jaccard similarity.
        """
        self._texts = texts
        self._threshold = threshold
        count = len(texts)
        self._bits = [np.zeros((count, WORDS), np.uint64) for _ in range(2)]
        self._sizes = [np.zeros(count, np.int32) for _ in range(2)]
        sides = tuple(map(Sketches, self._bits, self._sizes))
        self.comparer = Comparer((sides[0], sides[1]), threshold, self._alike)

    def dropped(self) -> np.ndarray:
        """Tell which pairs to leave out.

        Returns:
            (n,) bool.
        """
        dropped = np.zeros(len(self._texts), bool)
        if len(dropped) < 2:
            return dropped
        entries = self._entries()
        edges, known = list(self._edges(entries, None)), None
        dropped = _kept_first(edges, len(dropped))
        # Who was left out of a large group for a pair that is left out itself must be compared anew.
        while known is None or not np.array_equal(known, dropped):
            if known is None and not _is_in_doubt(edges, dropped):
                break
            known = dropped
            edges.extend(self._edges(entries, known))
            dropped = _kept_first(edges, len(dropped))
        return dropped

    def _entries(self) -> Edges:
        """List the rarest grams of all queries: (m,) uint64 ascending, and (m,) places; sketch both sides."""
        texts = shown(self._texts, "counting what texts have in common", len(self._texts))
        counts = count_texts(query for query, _ in texts)
        entries = _Entries()
        hashed = lru_cache(maxsize=1024)(gram_hashes)
        for place, pair in enumerate(shown(self._texts, "looking for near-duplicates", len(self._texts))):
            for side, text in enumerate(pair):
                hashes = hashed(text)
                self._bits[side][place], self._sizes[side][place] = sketch(hashes), len(hashes)
            entries.add(place, rarest(hashed(pair[0]), counts, self._threshold))
        return entries.ordered()

    def _edges(self, entries: Edges, dropped: np.ndarray | None) -> Iterator[Edges]:
        """Compare those that share a gram; small groups once, when nothing is known of what is dropped."""
        for part in whole_groups(*entries):
            for one, other in small_groups(*part) if dropped is None else ():
                yield self.comparer.close(one, other)
            for members in large_groups(*part):
                if len(members) <= MOST:
                    yield self.comparer.scan(members, dropped)
                else:
                    yield from self._divided(members, dropped)

    def _divided(self, members: np.ndarray, dropped: np.ndarray | None) -> Iterator[Edges]:
        """Compare those of too large a group that share a rare gram of their passages too."""
        places = members.tolist()
        counts = count_texts(self._texts[place][1] for place in places)
        entries = _Entries()
        for place in places:
            entries.add(place, rarest(gram_hashes(self._texts[place][1]), counts, self._threshold))
        parts = entries.ordered()
        for one, other in small_groups(*parts):
            yield self.comparer.close(one, other)
        for part in large_groups(*parts):
            yield self.comparer.scan(part, dropped)

    def _alike(self, one: int, other: int) -> bool:
        (query, passage), (known_query, known_passage) = self._texts[one], self._texts[other]
        return (
            jaccard(query, known_query) >= self._threshold
            and jaccard(passage, known_passage) >= self._threshold
        )


class _Entries:
    """Hold which pair has which grams, 12 bytes each."""

    def __init__(self) -> None:
        self._parts: list[tuple[np.ndarray, np.ndarray]] = []
        self._waiting: list[tuple[int, np.ndarray]] = []

    def add(self, place: int, grams: np.ndarray) -> None:
        if len(grams):
            self._waiting.append((place, grams))
        if len(self._waiting) >= _WAITING:
            self._settle()

    def _settle(self) -> None:
        places = np.array([place for place, _ in self._waiting], np.int32)
        owners = np.repeat(places, [len(grams) for _, grams in self._waiting])
        every = np.concatenate([*(grams for _, grams in self._waiting), np.zeros(0, np.uint64)])
        self._parts.append((every, owners))
        self._waiting = []

    def ordered(self) -> Edges:
        """Return grams (m,) uint64 ascending, and (m,) int32 places, ascending where grams are equal."""
        self._settle()
        grams, places = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        self._parts = []
        order = np.argsort(grams, kind="stable")  # they were added in the order of their places
        return grams[order], places[order]


def _kept_first(edges: Sequence[Edges], count: int) -> np.ndarray:
    """Leave out every pair that is alike to an earlier one that is kept: (count,) bool."""
    dropped = np.zeros(count, bool)
    one = np.concatenate([*(first for first, _ in edges), np.zeros(0, np.int64)])
    other = np.concatenate([*(second for _, second in edges), np.zeros(0, np.int64)])
    for place in np.argsort(other, kind="stable").tolist():
        if not dropped[one[place]]:
            dropped[other[place]] = True
    return dropped


def _is_in_doubt(edges: Sequence[Edges], dropped: np.ndarray) -> bool:
    return any((dropped[one] & ~dropped[other]).any() for one, other in edges)


@lru_cache(maxsize=4096)
def grams(text: str) -> frozenset[str]:
    """List the character 5-grams of a text.

    Args:
        text: any text; it is normalised.

    Returns:
        Its 5-grams; the text itself where it is shorter.
    """
    folded = normalise(text)
    return frozenset(folded[start : start + GRAM] for start in range(max(1, len(folded) - GRAM + 1)))


def jaccard(one: str, other: str) -> float:
    """Compare two texts.

    Args:
        one: a text.
        other: a text.

    Returns:
        Shared over all 5-grams, in [0, 1].
    """
    left, right = grams(one), grams(other)
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)
