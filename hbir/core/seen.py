"""Remember which texts came before."""

import numpy as np

from hbir.core.hashing import content_id

_RECENT = 1 << 16
"""Hashes in a set, which takes ten times as much for each as an array."""


class Seen:
    """Remember the hashes of texts, 8 bytes each as soon as they are many."""

    def __init__(self) -> None:
        """Remember nothing."""
        self._recent: set[int] = set()
        self._runs: list[np.ndarray] = []  # ascending each; every one is longer than the next

    def add(self, text: str) -> bool:
        """Remember a text.

        Args:
            text: any.

        Returns:
            Whether it came before.
        """
        number = content_id(text)
        if number in self._recent or any(_holds(run, number) for run in self._runs):
            return True
        self._recent.add(number)
        if len(self._recent) >= _RECENT:
            self._settle()
        return False

    def _settle(self) -> None:
        run = np.sort(np.fromiter(self._recent, np.int64))
        while self._runs and len(self._runs[-1]) <= len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]))
        self._runs.append(run)
        self._recent = set()


def _holds(run: np.ndarray, number: int) -> bool:
    place = int(run.searchsorted(number))
    return place < len(run) and int(run[place]) == number
