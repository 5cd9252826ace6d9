"""Deal the examples of a pool without replacement, batch by batch, none lost."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from hbir.batching.examples import Example, Examples
from hbir.batching.passes import Passes
from hbir.batching.pool import Pool
from hbir.batching.waiting import Step, Waiting


class Walk:
    """Go through a pool in random order, again and again.

    An example that collides with its step waits for the next step of this walk, where it is tried first,
    in the languages that it was dealt in.
    """

    def __init__(self, names: tuple[str, ...], pool: Pool, size: int, seed: int) -> None:
        """Stand before the first pass.

        Args:
            names: composition, source and, where it is fixed, language; they name the random streams.
            pool: what to deal.
            size: rows in one batch.
            seed: the base seed.
        """
        self.names = names
        self.pool = pool
        self.size = size
        self.waiting = Waiting(pool.keys_of, pool.width)
        self._passes = Passes(names, pool, seed)

    @cached_property
    def fills(self) -> bool:
        """Whether the pool can fill a batch, whatever languages its pairs take."""
        return self.pool.surely_fills(self.size) or self.filled == self.size

    @cached_property
    def reserve(self) -> list[int]:
        """Rows of the inventory that make a batch when nothing else does, if there are enough of them."""
        return self.pool.apart(self.size)

    @property
    def filled(self) -> int:
        """Rows of a batch that the reserve fills."""
        return min(self.size, sum(map(self.pool.width, self.reserve)))

    def next_step(self) -> list[Example]:
        """Make one batch.

        Returns:
            (size,) examples, no two of which collide, provided that the pool `fills`.
        """
        return self.next_steps(1).listed()

    def next_steps(self, count: int) -> Examples:
        """Make batches, each of the waiting examples first, then of this pass, then of the next ones.

        Args:
            count: how many.

        Returns:
            (count · size,) examples, no two of one batch of which collide, provided that the pool `fills`.
        """
        made = Examples.empty(count * self.size)
        done = 0
        while done < count:
            steps = self._clean(made, done, count - done)
            if not steps:
                made.put(self._places(done, 1), self._one((count - done) * self.size))
            done += steps or 1
        self._passes.trim()
        return made

    def _places(self, done: int, steps: int) -> slice:
        return slice(done * self.size, (done + steps) * self.size)

    def _clean(self, made: Examples, done: int, most: int) -> int:
        """Make as many batches as there are without any collision: they are the examples as they come."""
        if self.waiting:
            return 0
        steps = self._passes.clean_steps(most, self.size)
        if steps:
            examples, _ = self._passes.look(steps * self.size)
            made.put(self._places(done, steps), examples)
            self._passes.take(len(examples))
        return steps

    def _one(self, expected: int) -> Examples:
        """Make one batch, looking at each example."""
        step = Step(self.size)
        taken = self.waiting.offer(step)
        parts = [Examples.of(taken)] if taken else []
        begun, before = False, 0
        while step.missing > 0:
            left = self._passes.left
            if not left:
                if begun and step.missing == before:
                    return self._start_over(parts)
                begun, before, left = True, step.missing, len(self.pool)
            needed = -(-step.missing // self.pool.widest)  # no fewer will do
            parts.append(self._fill(step, min(needed, left), expected))
        return Examples.joined(parts)

    def _fill(self, step: Step, count: int, expected: int) -> Examples:
        """Offer the next examples to a step; those that it refuses wait."""
        examples, keys = self._passes.look(count, expected)
        own = keys.T.tolist()
        widths = map(self.pool.width, examples.rows.tolist())
        taken = np.array([*map(step.take, own, widths)], dtype=bool)  # (count,)
        for place, refused in zip(np.flatnonzero(~taken).tolist(), examples[~taken].listed(), strict=True):
            self.waiting.add(refused, next(key for key in own[place] if key in step.used))
        self._passes.take(count)
        return examples[taken]

    def _start_over(self, parts: list[Examples]) -> Examples:
        """Make the batch of the reserve, which a pass that gave nothing has left among the waiting."""
        wanted, missing = set(self.reserve), self.size
        chosen: list[Example] = []
        rest: list[Example] = []
        for example in [*Examples.joined(parts).listed(), *self.waiting.listed()]:
            if example.row in wanted and missing > 0:
                chosen.append(example)
                wanted.remove(example.row)
                missing -= self.pool.width(example.row)
            else:
                rest.append(example)
        self._let_wait(rest)
        return Examples.of(chosen)

    def _let_wait(self, examples: Iterable[Example]) -> None:
        self.waiting.clear()
        for example in examples:
            self.waiting.add(example, self.pool.keys_of(example)[0])
