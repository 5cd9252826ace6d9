"""Find examples that have a key in common and stand close together."""

from dataclasses import dataclass

import numpy as np

_TABLE = 1 << 18
"""Places of the table that sorts out most keys that occur once; 2 MB, so that it stays in a core's cache."""


@dataclass
class Close:
    """Hold the examples that have a key in common with one shortly before."""

    later: list[int]
    """(c,) positions, ascending."""
    earlier: list[int]
    """(c,) the nearest position with a common key."""
    start: int = 0
    """The position from which steps are counted."""
    _next: int = 0

    def move(self, count: int) -> None:
        """Count steps from further on.

        Args:
            count: by how many positions.
        """
        self.start += count

    def clean_steps(self, steps: int, size: int) -> int:
        """Count the steps before the first with a collision.

        Args:
            steps: how many to look at.
            size: positions in one step.

        Returns:
            A number in [0, steps].
        """
        while self._next < len(self.later):
            place = self.later[self._next] - self.start
            if place >= steps * size:
                break
            step = place // size
            if place >= 0 and self.earlier[self._next] - self.start >= step * size:
                return step
            self._next += 1
        return steps


def find_close(keys: np.ndarray, size: int, together: int = 1) -> Close:
    """Find the examples that have a key in common with one of the `size` - 1 before.

    Args:
        keys: (k, m) what examples could collide in.
        size: examples in one step.
        together: so many of the last keys are of one kind: each may be equal to any of them.

    Returns:
        Their positions.
    """
    nearest = np.full(keys.shape[1], -1)  # (m,)
    for kind in [*keys[:-together, None], keys[-together:]]:
        later, earlier = _repeated(kind)
        near = later - earlier < size
        np.maximum.at(nearest, later[near], earlier[near])
    places = np.flatnonzero(nearest >= 0)
    return Close(places.tolist(), nearest[places].tolist())


def _repeated(kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find repeated keys among (w, m): (c,) examples that have one again, (c,) the last before that has it.

    Sorting all keys took most of the time of a plan. Those whose place in a table nobody shares occur once
    (four of five in a large source), and need no sorting: 12 instead of 40 ns per key.
    """
    keys = kind.T.ravel()  # (m · w,), those of one example side by side
    table = keys & (_TABLE - 1)
    places = np.flatnonzero(np.bincount(table, minlength=_TABLE)[table] > 1)
    bits = len(keys).bit_length()
    both = np.sort(keys[places].astype(np.int64) << bits | places)  # one number each: three times faster
    same = both[1:] >> bits == both[:-1] >> bits
    places = (both & ((1 << bits) - 1)) // len(kind)
    same &= places[1:] > places[:-1]  # an example may have a key twice
    return places[1:][same], places[:-1][same]
