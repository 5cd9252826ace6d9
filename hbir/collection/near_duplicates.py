"""Find pairs that say nearly the same as another pair."""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from itertools import chain, starmap
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
from cachetools import LRUCache, cached

from hbir.collection.crowds import MOST, Comparer, Edges, large_groups, small_groups, whole_groups
from hbir.collection.entries import Entries
from hbir.collection.pair_store import PairStore, Texts
from hbir.collection.progress import shown
from hbir.collection.sketches import GRAM, Sketches, count_texts, gram_hashes, hashing, rarest, sketch
from hbir.core.text import normalise

_HELD_GRAMS = 1 << 19
"""Of the texts that were compared last, about 100 bytes each."""


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
    search = Search(store.texts(places) if len(places) else [], threshold, store.folder)
    dropped = places[search.dropped()]
    store.drop((place, "near-duplicate pair") for place in dropped.tolist())
    return len(search.cut_short)


class Search:
    """Search pairs in the order of their ids.

    Two pairs that are alike share one of their query's rarest grams. Those that do are compared; where too many
    do, as where one query has many answers, those that also share a rare gram of their passages. Everything
    is exact unless a pair is counted as cut short.
    """

    def __init__(self, texts: Sequence[Texts], threshold: float, folder: Path | None = None) -> None:
        """Begin to search.

        Args:
            texts: (n,) pairs, by ascending id.
            threshold: Jaccard similarity.
            folder: an existing one for what is too much to be held; None holds it whatever happens.
        """
        self._texts, self._threshold, self._folder = texts, threshold, folder
        self._grams = cached(LRUCache(_HELD_GRAMS, getsizeof=len))(grams)
        self.cut_short: set[int] = set()
        """Places of pairs that were not compared with all they could be alike to."""

    def dropped(self) -> np.ndarray:
        """Tell which pairs to leave out.

        Returns:
            (n,) bool.
        """
        dropped = np.zeros(len(self._texts), bool)
        if len(dropped) < 2:
            return dropped
        with Entries(self._folder) as entries:
            self._comparer = self._read(entries)
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

    def _read(self, entries: Entries) -> Comparer:
        """List the rarest grams of all queries; sketch both sides, 64 bytes a pair that may be on the disk."""
        texts = shown(self._texts, "counting what texts have in common", len(self._texts))
        counts = count_texts(query for query, _ in texts)
        hashed = hashing()
        sizes = np.empty((len(self._texts), 2), np.int32)
        with TemporaryFile(dir=self._folder) if self._folder else BytesIO() as stream:
            for place, pair in enumerate(shown(self._texts, "looking for near-duplicates", len(self._texts))):
                for side, text in enumerate(pair):
                    hashes = hashed(text)
                    stream.write(sketch(hashes).tobytes())
                    sizes[place, side] = len(hashes)
                entries.add(place, rarest(hashed(pair[0]), counts, self._threshold))
            bits = _mapped(stream).reshape(len(self._texts), 2, -1)
        sides = (Sketches(bits[:, 0], sizes[:, 0]), Sketches(bits[:, 1], sizes[:, 1]))
        return Comparer(sides, self._threshold, self._alike, self.cut_short)

    def _edges(self, entries: Entries, dropped: np.ndarray | None) -> Iterator[Edges]:
        """Compare those that share a gram; small groups once, when nothing is known of what is dropped."""
        for part in chain.from_iterable(starmap(whole_groups, entries.ordered())):
            for one, other in small_groups(*part) if dropped is None else ():
                yield self._comparer.close(one, other)
            for members in large_groups(*part):
                if len(members) <= MOST:
                    yield self._comparer.scan(members, dropped)
                else:
                    yield from self._divided(members, dropped)

    def _divided(self, members: np.ndarray, dropped: np.ndarray | None) -> Iterator[Edges]:
        """Compare those of too large a group that share a rare gram of their passages too."""
        places = members.tolist()
        counts = count_texts(self._texts[place][1] for place in places)
        with Entries(self._folder) as entries:
            for place in places:
                entries.add(place, rarest(gram_hashes(self._texts[place][1]), counts, self._threshold))
            for parts in entries.ordered():
                for one, other in small_groups(*parts):
                    yield self._comparer.close(one, other)
                for part in large_groups(*parts):
                    yield self._comparer.scan(part, dropped)

    def _alike(self, one: int, other: int) -> bool:
        (query, passage), (known_query, known_passage) = self._texts[one], self._texts[other]
        return (
            jaccard(query, known_query, self._grams) >= self._threshold
            and jaccard(passage, known_passage, self._grams) >= self._threshold
        )


def _mapped(stream: IO[bytes]) -> np.ndarray:
    """Return what was written as (m,) uint64; a file's pages are the system's to take back."""
    if isinstance(stream, BytesIO):
        return np.frombuffer(stream.getvalue(), np.uint64)
    stream.flush()
    return np.memmap(stream, np.uint64, "r")


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


def grams(text: str) -> frozenset[str]:
    """List the character 5-grams of a text.

    Args:
        text: any text; it is normalised.

    Returns:
        Its 5-grams; the text itself where it is shorter.
    """
    folded = normalise(text)
    return frozenset(folded[start : start + GRAM] for start in range(max(1, len(folded) - GRAM + 1)))


def jaccard(one: str, other: str, grams_of: Callable[[str], frozenset[str]] = grams) -> float:
    """Compare two texts.

    Args:
        one: a text.
        other: a text.
        grams_of: lists the 5-grams of a text; it may remember them.

    Returns:
        Shared over all 5-grams, in [0, 1].
    """
    if one == other:
        return 1.0
    left, right = grams_of(one), grams_of(other)
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)
