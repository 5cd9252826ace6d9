"""Remember hashes in a fixed number of bits, so that what was seen is never denied."""

import numpy as np

_HASHES = 4
"""Bits that each hash sets."""
_WAITING = 1 << 20
"""Hashes that are added at once."""
_MASK = (1 << 64) - 1


class Bloom:
    """Hold which hashes were added (Bloom: Space/time trade-offs in hash coding, CACM 1970).

    A hash that was not added is taken for one that was with a probability of `(1 - e^(-4 n / m))⁴`, where n
    hashes were added and m is the number of bits: 1 in 400 with 16 bits a hash, 1 in 40 with 8.
    """

    def __init__(self, memory: int) -> None:
        """Begin empty.

        Args:
            memory: bytes it may take; it takes half of it or more.
        """
        self.bits = 1 << max(6, (8 * memory).bit_length() - 1)
        """A power of two."""
        self._bytes = np.zeros(self.bits // 8, np.uint8)
        self._waiting: list[int] = []

    def add(self, number: int) -> None:
        """Remember a hash.

        Args:
            number: 64 bits, with or without a sign.
        """
        self._waiting.append(number & _MASK)
        if len(self._waiting) >= _WAITING:
            self._settle()

    def __contains__(self, number: int) -> bool:
        """Tell whether a hash was added, or looks as if it were.

        Args:
            number: 64 bits, with or without a sign.

        Returns:
            Always true for one that was.
        """
        self._settle()
        places = self._places(np.array([number & _MASK], np.uint64))
        return bool((self._bytes[places >> 3] >> (places & 7) & 1).all())

    @property
    def false_positive_rate(self) -> float:
        """Return the share of hashes that were never added and are taken for some that were."""
        self._settle()
        filled = sum(int(np.bitwise_count(part).sum()) for part in np.array_split(self._bytes, 64))
        return float((filled / self.bits) ** _HASHES)

    def _settle(self) -> None:
        if self._waiting:
            places = self._places(np.unique(np.array(self._waiting, np.uint64)))
            self._waiting.clear()
            np.bitwise_or.at(self._bytes, places >> 3, np.uint8(1) << (places & 7).astype(np.uint8))

    def _places(self, hashes: np.ndarray) -> np.ndarray:
        """Choose bits by double hashing: (n · _HASHES,) int64."""
        step = (hashes >> np.uint64(32)) | np.uint64(1)
        places = [(hashes + np.uint64(turn) * step) & np.uint64(self.bits - 1) for turn in range(_HASHES)]
        return np.concatenate(places).astype(np.int64)
