"""Keep examples that collided with a step until a later one has room for them."""

from array import array
from bisect import bisect
from collections.abc import Callable, Sequence
from heapq import heappop, heappush

from hbir.batching.examples import Example


class Step:
    """Collect the keys of one batch, no two of whose examples collide."""

    def __init__(self, size: int) -> None:
        """Begin an empty batch.

        Args:
            size: rows in a full one.
        """
        self.missing = size
        """Rows that it still takes; below 0 where the last example has more than it took."""
        self.used: set[int] = set()
        """The keys of those that are in."""

    def take(self, keys: Sequence[int], width: int = 1) -> bool:
        """Take an example unless it collides with one that is in.

        Args:
            keys: (k,) of the example.
            width: rows that it has.

        Returns:
            Whether it was taken.
        """
        if not self.used.isdisjoint(keys):
            return False
        self.used.update(keys)
        self.missing -= width
        return True


class _Line:
    """Hold the examples that wait for one key, in the order in which they came, 16 bytes each."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self._codes = array("q")
        self._first = 0

    def __len__(self) -> int:
        return len(self._numbers) - self._first

    @property
    def number(self) -> int:
        """When the first one came."""
        return self._numbers[self._first]

    @property
    def code(self) -> int:
        """The first example."""
        return self._codes[self._first]

    def insert(self, number: int, code: int) -> None:
        place = bisect(self._numbers, number, self._first)  # mostly the end
        self._numbers.insert(place, number)
        self._codes.insert(place, code)

    def drop(self) -> None:
        self._first += 1
        if self._first > len(self):
            del self._numbers[: self._first], self._codes[: self._first]
            self._first = 0

    def items(self) -> list[tuple[int, int]]:
        return list(zip(self._numbers, self._codes, strict=True))[self._first :]


class Waiting:
    """Offer waiting examples to each step in the order in which they came, without looking at all of them.

    An example waits in line for a key that it has in common with the step that refused it. While that key is
    used in a step, nobody in the line can be taken, so the whole line is passed over. A step looks at most
    at one example per line, and at those that change from one line to another.
    """

    def __init__(self, keys_of: Callable[[Example], Sequence[int]], width: Callable[[int], int]) -> None:
        """Begin with nobody waiting.

        Args:
            keys_of: looks up the (k,) keys of an example.
            width: counts the rows that an example has, by its row of the inventory.
        """
        self._keys_of = keys_of
        self._width = width
        self._lines: dict[int, _Line] = {}
        self._fronts: list[tuple[int, int]] = []
        """A heap of (number, key) of the first example of each line; what is no first example is stale."""
        self._came = 0
        self.looked_at = 0
        """How often an example or a line was looked at, for tests and profiles."""

    def __bool__(self) -> bool:
        """Return whether anybody waits."""
        return bool(self._lines)

    def add(self, example: Example, key: int) -> None:
        """Let an example wait, behind all others.

        Args:
            example: the example.
            key: one of its keys, best one because of which it was refused.
        """
        self._came += 1
        self._insert(self._came, _packed(example), key)

    def offer(self, step: Step) -> list[Example]:
        """Let a step take whom it can, the first that came first.

        Args:
            step: takes examples until it is full or nobody is left to offer.

        Returns:
            Those that it took.
        """
        taken: list[Example] = []
        passed: set[int] = set()
        while step.missing > 0 and self._fronts:
            number, key = heappop(self._fronts)
            self.looked_at += 1
            line = self._lines.get(key)
            if line is None or line.number != number or key in passed:
                continue
            if key in step.used:
                passed.add(key)
            elif (example := self._try_first(step, key, line)) is not None:
                taken.append(example)
        for key in passed:
            heappush(self._fronts, (self._lines[key].number, key))
        return taken

    def listed(self) -> list[Example]:
        """Return all that wait, in the order in which they came."""
        return [
            _unpacked(code)
            for _, code in sorted(item for line in self._lines.values() for item in line.items())
        ]

    def clear(self) -> None:
        """Send everybody away."""
        self._lines.clear()
        self._fronts.clear()

    def _try_first(self, step: Step, key: int, line: _Line) -> Example | None:
        """Offer the first of a line; one that collides in another key changes to that key's line."""
        number, code = line.number, line.code
        example = _unpacked(code)
        keys = self._keys_of(example)
        line.drop()
        if line:
            heappush(self._fronts, (line.number, key))
        else:
            del self._lines[key]
        if step.take(keys, self._width(example.row)):
            return example
        self._insert(number, code, next(other for other in keys if other in step.used))
        return None

    def _insert(self, number: int, code: int, key: int) -> None:
        line = self._lines.setdefault(key, _Line())
        line.insert(number, code)
        if line.number == number:
            heappush(self._fronts, (number, key))


def _packed(example: Example) -> int:
    return example.row << 32 | example.query_lang << 16 | example.passage_lang


def _unpacked(code: int) -> Example:
    return Example(code >> 32, code >> 16 & 0xFFFF, code & 0xFFFF)
