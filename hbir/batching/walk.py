"""Deal the examples of a pool without replacement, batch by batch, none lost."""

from collections.abc import Iterator

from hbir.batching.pool import Example, Pool
from hbir.core.seeds import generator


class Step:
    """Collect the examples of one batch, no two of which collide."""

    def __init__(self, size: int) -> None:
        """Begin an empty batch.

        Args:
            size: examples in a full one.
        """
        self.size = size
        self.examples: list[Example] = []
        self._used: set[int] = set()

    @property
    def full(self) -> bool:
        """Return whether the batch has all its examples."""
        return len(self.examples) == self.size

    def take(self, example: Example) -> bool:
        """Take an example unless it collides with one that is in.

        Args:
            example: the one on offer.

        Returns:
            Whether it was taken.
        """
        if not self._used.isdisjoint(example.keys):
            return False
        self._used.update(example.keys)
        self.examples.append(example)
        return True


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
            size: examples in one batch.
            seed: the base seed.
        """
        self.names = names
        self.pool = pool
        self.size = size
        self.reserve = pool.apart(size)
        """Rows that make a batch when nothing else does, if there are enough of them."""
        self.waiting: list[Example] = []
        self._orders = generator(seed, "batches", "shuffle", *names)
        self._choices = generator(seed, "batches", "pairing", *names)
        self._pass: Iterator[Example] = iter(())

    @property
    def fills(self) -> bool:
        """Return whether the pool can fill a batch, whatever languages its pairs take."""
        return len(self.reserve) == self.size

    def next_step(self) -> list[Example]:
        """Make one batch: of the waiting examples first, then of this pass, then of the next ones.

        Returns:
            (size,) examples, no two of which collide, provided that the pool `fills`.
        """
        step = Step(self.size)
        waited, self.waiting = iter(self.waiting), []
        self._offer(step, waited)
        self.waiting.extend(waited)
        self._offer(step, self._pass)
        while not step.full:
            before = len(step.examples)
            self._pass = self._shuffled()
            self._offer(step, self._pass)
            if len(step.examples) == before:
                return self._start_over(step)
        return step.examples

    def _offer(self, step: Step, examples: Iterator[Example]) -> None:
        while not step.full and (example := next(examples, None)):
            if not step.take(example):
                self.waiting.append(example)

    def _shuffled(self) -> Iterator[Example]:
        order = self._orders.permutation(len(self.pool))
        choice = self._choices.integers(self.pool.counts[order])
        return self.pool.examples(order, choice)

    def _start_over(self, step: Step) -> list[Example]:
        """Make the batch of the reserve, which a pass that gave nothing has left among the waiting."""
        missing = set(self.reserve)
        chosen: list[Example] = []
        rest: list[Example] = []
        for example in step.examples + self.waiting:
            (chosen if example.row in missing else rest).append(example)
            missing.discard(example.row)
        self.waiting = rest
        return chosen
