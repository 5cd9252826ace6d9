"""Remember which texts came before, and count different ones."""

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


class Distinct:
    """Count different numbers, 8 bytes each, twice as many for a moment.

    What is added is merged with what is not much longer, so each number is sorted a few times, however many
    come: to sort all of them anew with every addition took the square of their number.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._runs: list[np.ndarray] = []  # ascending each; every one is longer than the next

    def add(self, numbers: np.ndarray) -> None:
        """Count numbers in.

        Args:
            numbers: (k,) int64, in any order.
        """
        run = np.unique(numbers)
        while self._runs and len(self._runs[-1]) <= len(run):
            run = np.union1d(self._runs.pop(), run)
        self._runs.append(run)

    def __len__(self) -> int:
        """Return how many different numbers came."""
        return len(np.unique(np.concatenate([*self._runs, np.zeros(0, np.int64)])))


def _holds(run: np.ndarray, number: int) -> bool:
    place = int(run.searchsorted(number))
    return place < len(run) and int(run[place]) == number
