"""Hash the character 5-grams of texts into what tells quickly that two texts are not alike."""

import math
from collections.abc import Callable, Iterable

import numpy as np
from cachetools import LRUCache, cached

from hbir.core.text import normalise

GRAM = 5
BUCKETS = 1 << 20
"""In which 5-grams are counted by their hashes: only how rare one is is wanted."""
WORDS = 4
"""Of 64 bits in a sketch."""
ROUNDING = 1e-9
_FACTORS = np.random.Generator(np.random.PCG64(5)).integers(1 << 63, size=GRAM, dtype=np.uint64) * 2 + 1
_REMEMBERED = 1 << 20
"""Grams, 8 bytes each."""
_MIX = np.uint64(0x9E3779B97F4A7C15)


def gram_hashes(text: str) -> np.ndarray:
    """Hash the different 5-grams of a text, the same in every process.

    Args:
        text: any text; it is normalised, and a shorter one is one gram.

    Returns:
        (g,) uint64, ascending.
    """
    encoded = normalise(text).encode("utf-32-le", "surrogatepass")
    letters = np.frombuffer(encoded, np.uint32).astype(np.uint64)  # (n,)
    letters = np.pad(letters, (0, max(0, GRAM - len(letters))))
    count = len(letters) - GRAM + 1
    hashes = np.zeros(count, np.uint64)
    for place, factor in enumerate(_FACTORS):
        hashes += letters[place : place + count] * factor
    hashes ^= hashes >> np.uint64(31)
    hashes *= _MIX
    return np.unique(hashes ^ (hashes >> np.uint64(29)))


def hashing() -> Callable[[str], np.ndarray]:
    """Make a `gram_hashes` that remembers some MB: many pairs share a text."""
    found: Callable[[str], np.ndarray] = cached(LRUCache(_REMEMBERED, getsizeof=len))(gram_hashes)
    return found


def count_texts(texts: Iterable[str]) -> np.ndarray:
    """Count in how many texts each gram occurs.

    Args:
        texts: any; read once.

    Returns:
        (BUCKETS,) int32 by their hashes; grams that share a bucket are counted together.
    """
    counts = np.zeros(BUCKETS, np.int32)
    hashed = hashing()
    for text in texts:
        counts[hashed(text) % BUCKETS] += 1
    return counts


def rarest(hashes: np.ndarray, counts: np.ndarray, threshold: float) -> np.ndarray:
    """Choose so many of a text's rarest grams that a text that is alike has one of them among its own.

    Args:
        hashes: (g,) of its grams.
        counts: in how many texts grams occur.
        threshold: Jaccard similarity.

    Returns:
        (k,) uint64; those that occur in this text alone are left out.

    Source: prefix filtering (Bayardo, Ma, Srikant: Scaling up all pairs similarity search, WWW 2007), exact.
    """
    shared = math.ceil(threshold * len(hashes) - ROUNDING)
    found = counts[hashes % BUCKETS]
    chosen = np.lexsort((hashes, found))[: len(hashes) - shared + 1]
    rare: np.ndarray = hashes[chosen[found[chosen] > 1]]
    return rare


def sketch(hashes: np.ndarray) -> np.ndarray:
    """Set one bit for each gram, some of them in common.

    Args:
        hashes: (g,) of a text's grams.

    Returns:
        (WORDS,) uint64.
    """
    marks = np.zeros(64 * WORDS, np.uint8)
    marks[(hashes >> np.uint64(20)) % (64 * WORDS)] = 1
    bits: np.ndarray = np.packbits(marks).view(np.uint64)
    return bits


class Sketches:
    """Hold a sketch of each of many texts."""

    def __init__(self, bits: np.ndarray, sizes: np.ndarray) -> None:
        """Hold what is given, in memory or mapped into it.

        Args:
            bits: (n, WORDS) uint64.
            sizes: (n,) int32, how many grams each has.
        """
        self._bits, self._sizes = bits, sizes

    def may_be(self, one: np.ndarray, other: np.ndarray, threshold: float) -> np.ndarray:
        """Tell which texts could be alike; a bit that differs is of a gram that one of two lacks.

        Args:
            one: (m,) or (1,) places.
            other: (m,) places.
            threshold: Jaccard similarity.

        Returns:
            (m,) bool, False only where two are surely not.
        """
        both = self._sizes[one].astype(np.float64) + self._sizes[other]
        differing = np.bitwise_count(self._bits[one] ^ self._bits[other]).sum(axis=1, dtype=np.int64)
        shared = (both - differing) / 2
        alike: np.ndarray = shared >= threshold * (both - shared) - ROUNDING
        return alike
