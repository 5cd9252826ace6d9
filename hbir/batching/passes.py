"""Deal a pool in random order, again and again, and keep what is dealt but not used yet."""

import numpy as np

from hbir.batching.collisions import Close, find_close
from hbir.batching.examples import Examples
from hbir.batching.pool import Pool
from hbir.core.seeds import generator

_MOST = 1 << 15
"""Examples that are looked up at once. Their keys fit into the cache of a core."""


class Passes:
    """Deal the rows of a pool, pass after pass, as one long sequence.

    The next examples can be looked at before they are taken.
    """

    def __init__(self, names: tuple[str, ...], pool: Pool, seed: int) -> None:
        """Stand before the first pass.

        Args:
            names: name the random streams.
            pool: what to deal.
            seed: the base seed.
        """
        self.pool = pool
        self._orders = generator(seed, "batches", "shuffle", *names)
        self._choices = generator(seed, "batches", "pairing", *names)
        self._order = np.empty(0, dtype=np.int32)
        """(n,) rows in the order of the current pass; empty before the first."""
        self._dealt = 0
        """How many of them are looked up."""
        self._ahead = Examples.empty(0)
        self._keys = pool.keys(self._ahead)  # (k, 0)
        self._close: Close | None = None
        self.taken = 0
        """Examples taken since the first pass began."""

    @property
    def left(self) -> int:
        """Examples that the current pass has left; 0 where it is over and the next has not begun."""
        return -self.taken % len(self.pool)

    def look(self, count: int, expected: int = 0) -> tuple[Examples, np.ndarray]:
        """Look at the next examples.

        Args:
            count: how many.
            expected: how many will be asked for soon; more are looked up at once then.

        Returns:
            (count,) examples and their (k, count) keys.
        """
        if len(self._ahead) < count:
            self._look_up(max(count, min(expected, _MOST)))
        return self._ahead[:count], self._keys[:, :count]

    def clean_steps(self, most: int, size: int) -> int:
        """Count the steps, from here on, in which no examples collide.

        Args:
            most: how many are wanted.
            size: examples in one step.

        Returns:
            A number in [0, most]; perhaps fewer than there are, but 0 only if the next one has a collision.
        """
        self.look(size, most * size)
        steps = min(most, len(self._ahead) // size)
        if self._close is None:
            self._close = find_close(self._keys, size, self.pool.together)
        return self._close.clean_steps(steps, size)

    def take(self, count: int) -> None:
        """Pass by the next examples.

        Args:
            count: how many; they must have been looked at.
        """
        self.taken += count
        self._ahead, self._keys = self._ahead[count:], self._keys[:, count:]
        if self._close is not None:
            self._close.move(count)

    def trim(self) -> None:
        """Give back the memory of what has been passed by."""
        self._ahead, self._keys = self._ahead[np.arange(len(self._ahead))], self._keys.copy()
        self._close = None

    def _look_up(self, count: int) -> None:
        parts, have = [self._ahead], len(self._ahead)
        while have < count:
            parts.append(self._deal(count - have))
            have += len(parts[-1])
        dealt = Examples.joined(parts[1:])
        self._ahead = Examples.joined([self._ahead, dealt])
        self._keys = np.concatenate([self._keys, self.pool.keys(dealt)], axis=1)
        self._close = None

    def _deal(self, count: int) -> Examples:
        """Deal examples of one pass; the streams give the same, however many are asked for at once."""
        if self._dealt == len(self._order):
            self._order = np.empty(0, dtype=np.int32)  # makes room for the next
            self._order = self.pool.rows()
            self._orders.shuffle(self._order)
            self._dealt = 0
        rows = self._order[self._dealt : self._dealt + count]
        self._dealt += len(rows)
        return self.pool.examples(rows, self._choices)
