"""Deal queries with their passages in all languages, in batches of so many rows."""

import numpy as np

from hbir.batching.examples import Examples
from hbir.batching.walk import Walk
from hbir.batching.wide_pools import QueryPool
from hbir.core.seeds import generator


class QueryWalk(Walk):
    """Go through the queries of a pool in random order, and put beside each its passages in all languages.

    A batch takes queries until it is full. The last one has only as many passages as there is room for, in
    languages drawn by chance; it counts as dealt.
    """

    pool: QueryPool

    def __init__(self, names: tuple[str, ...], pool: QueryPool, size: int, seed: int) -> None:
        """Stand before the first pass.

        Args:
            names: composition and source; they name the random streams.
            pool: what to deal.
            size: rows in one batch, more than one query has.
            seed: the base seed.
        """
        super().__init__(names, pool, size, seed)
        self._rooms = generator(seed, "batches", "room", *names)

    def next_steps(self, count: int) -> Examples:
        """Make batches of whole queries, all but the last.

        Args:
            count: how many.

        Returns:
            (count · size,) rows, those of one query side by side; no two queries of one batch collide, provided
            that the pool `fills`.
        """
        per_step = -(-self.size // self.pool.widest)
        steps = [self._one((count - done) * per_step) for done in range(count)]
        self._passes.trim()
        return self._spread(Examples.joined(steps), np.array([len(step) for step in steps]))

    def _spread(self, queries: Examples, counts: np.ndarray) -> Examples:
        """Put the passages beside queries.

        Args:
            queries: (m,) of all batches.
            counts: (count,) how many of them each batch has.

        Returns:
            (count · size,) rows.
        """
        present = self.pool.present[self.pool.inventory.set_of[queries.rows]]  # (m, k)
        last = np.cumsum(counts) - 1
        present[last] = self._drawn(present[last], self._room(present.sum(axis=1), last))
        query, place = np.nonzero(present)
        chosen = queries[query]
        return Examples(chosen.rows, chosen.query_langs, self.pool.languages[place].astype(np.int16))

    def _room(self, widths: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Count the rows that the (count,) last queries of the batches have room for."""
        taken = np.diff(np.cumsum(widths)[last], prepend=0)  # (count,) rows of each batch, were there room
        room: np.ndarray = self.size - (taken - widths[last])
        return room

    def _drawn(self, present: np.ndarray, room: np.ndarray) -> np.ndarray:
        """Draw as many of the languages of each query as there is room for: (count, k) bool."""
        numbers = np.where(present, self._rooms.random(present.shape), 2.0)
        order = numbers.argsort(axis=1).argsort(axis=1)  # (count, k) the place of each language
        drawn: np.ndarray = present & (order < room[:, None])
        return drawn
