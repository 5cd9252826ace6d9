"""Find pairs that say nearly the same as another pair."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np

from hbir.collection.progress import shown
from hbir.collection.source import Pair
from hbir.core.text import normalise

_GRAM = 5
_BUCKETS = 1 << 20
"""In which 5-grams are counted by their hashes: only how rare one is is wanted."""
_BITS = 1 << 11
_ROUNDING = 1e-9


def near_duplicates(pairs: Mapping[int, Pair], threshold: float) -> set[int]:
    """Find the pairs whose query and passage are both nearly those of a pair that is kept.

    Pairs with keys come from templates, which make near-duplicates by design, and are passed over.

    Args:
        pairs: by id.
        threshold: Jaccard similarity of the sets of character 5-grams, from 0.1 to 1.

    Returns:
        The ids to leave out. Of each two the lower id is kept, so the order of the sources does not matter.

    Source: prefix filtering (Bayardo, Ma, Srikant: Scaling up all pairs similarity search, WWW 2007), exact.
    """
    texts = {pair_id: _sides(pairs[pair_id]) for pair_id in sorted(pairs) if not pairs[pair_id].query_key}
    counts = _counts(shown(texts.values(), "counting what texts have in common", len(texts)))
    index = _Index(counts, threshold)
    compared = shown(texts.items(), "looking for near-duplicates", len(texts))
    return {pair_id for pair_id, sides in compared if index.holds_or_takes(*sides)}


class _Sketch(NamedTuple):
    """Hold what tells quickly that two texts are not alike."""

    text: str
    size: int
    """Of its grams."""
    rarest: list[int]
    """Hashes of so many of its grams that a text that is alike has one of them too."""
    bits: int
    """One bit for each gram, some of them in common."""

    def may_be(self, other: "_Sketch", threshold: float) -> bool:
        # Every bit that differs is of a gram that one text lacks.
        both = self.size + other.size
        shared = (both - (self.bits ^ other.bits).bit_count()) / 2
        return shared >= threshold * (both - shared) - _ROUNDING


_Sides = tuple[_Sketch, _Sketch]


class _Index:
    """Hold the pairs that are kept.

    Of a pair's two texts that one is looked up whose rarest grams have less company, so neither one answer to
    many queries nor many answers to one query is slow.
    """

    def __init__(self, counts: np.ndarray, threshold: float) -> None:
        self._counts = counts
        self._threshold = threshold
        self._kept: list[_Sides] = []
        self._holders: tuple[dict[int, list[int]], ...] = (defaultdict(list), defaultdict(list))
        self._sketch = lru_cache(maxsize=4096)(self._made)

    def holds_or_takes(self, query: str, passage: str) -> bool:
        """Tell whether a pair is nearly one that is held; else take it in."""
        pair = self._sketch(query), self._sketch(passage)
        company: list[list[list[int]]] = [
            [held for gram in side.rarest if (held := holders.get(gram))]
            for side, holders in zip(pair, self._holders, strict=True)
        ]
        fewest: list[list[int]] = min(company, key=_total)
        candidates = set(chain.from_iterable(fewest))
        if any(self._alike(pair, self._kept[place]) for place in candidates):
            return True
        for side, holders in zip(pair, self._holders, strict=True):
            for gram in side.rarest:
                holders[gram].append(len(self._kept))
        self._kept.append(pair)
        return False

    def _alike(self, pair: _Sides, other: _Sides) -> bool:
        (query, passage), (known_query, known_passage), least = pair, other, self._threshold
        return (
            query.may_be(known_query, least)
            and passage.may_be(known_passage, least)
            and jaccard(query.text, known_query.text) >= least
            and jaccard(passage.text, known_passage.text) >= least
        )

    def _made(self, text: str) -> _Sketch:
        hashes = list(map(hash, grams(text)))
        shared = math.ceil(self._threshold * len(hashes) - _ROUNDING)
        ordered = sorted(zip(self._counts[_buckets(hashes)].tolist(), hashes, strict=True))
        # What occurs in one text alone leads to no other.
        rarest = [gram for count, gram in ordered[: len(hashes) - shared + 1] if count > 1]
        marks = np.zeros(_BITS, np.uint8)
        marks[np.array(hashes, np.int64) % _BITS] = 1
        return _Sketch(text, len(hashes), rarest, int.from_bytes(np.packbits(marks).tobytes(), "big"))


@lru_cache(maxsize=4096)
def grams(text: str) -> frozenset[str]:
    """List the character 5-grams of a text.

    Args:
        text: any text; it is normalised.

    Returns:
        Its 5-grams; the text itself where it is shorter.
    """
    folded = normalise(text)
    return frozenset(folded[start : start + _GRAM] for start in range(max(1, len(folded) - _GRAM + 1)))


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


def _counts(texts: Iterable[tuple[str, str]]) -> np.ndarray:
    """Count in how many texts each gram occurs: (_BUCKETS,) int64, by hashes, which are the process's own."""
    counts = np.zeros(_BUCKETS, np.int64)
    for text in chain.from_iterable(texts):
        counts[_buckets(list(map(hash, grams(text))))] += 1
    return counts


def _total(lists: list[list[int]]) -> int:
    return sum(len(some) for some in lists)


def _buckets(hashes: list[int]) -> np.ndarray:
    return np.array(hashes, np.int64) % _BUCKETS  # (n_grams,)


def _sides(pair: Pair) -> tuple[str, str]:
    return pair.query, pair.passage
