"""Run a function in several threads that stand for the processes of one piece of work; many times a second."""

import pickle
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

import torch

from hbir.core.place import Place
from hbir.encoding.ranks import ALONE, Ranks


class LeftError(Exception):
    """Another thread has failed."""


class Table:
    """What the threads lay down for each other, round by round."""

    def __init__(self, size: int) -> None:
        self.size, self.is_left = size, False
        self.held: dict[int, dict[int, bytes]] = defaultdict(dict)
        self.rounds = [0] * size
        self.changed = Condition()

    def exchange(self, rank: int, value: Any) -> list[Any]:
        with self.changed:
            held = self.held[self.rounds[rank]]
            self.rounds[rank] += 1
            held[rank] = pickle.dumps(value)
            self.changed.notify_all()
            self.changed.wait_for(lambda: len(held) == self.size or self.is_left, 60)
            if len(held) < self.size:
                raise LeftError
            return [pickle.loads(held[one]) for one in range(self.size)]

    def leave(self) -> None:
        with self.changed:
            self.is_left = True
            self.changed.notify_all()


@dataclass(frozen=True)
class Threads(Ranks):
    """Exchange through a table in memory what processes would send."""

    table: Table = field(default_factory=lambda: Table(1))

    def sum(self, numbers: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    def largest(self, number: int) -> int:
        numbers: list[int] = self.gather(number)
        return max(numbers)

    def gather(self, value: Any) -> list[Any]:
        return self.table.exchange(self.place.rank, value)

    def to_first(self, value: Any) -> list[Any]:
        found = self.gather(value)
        return found if self.is_first else []

    def spread(self, state: Any) -> Any:
        return self.gather(state)[0]


def together(size: int, function: Callable[[Ranks], Any]) -> list[Any]:
    """Call a function as so many processes would: what it returns, by rank; or the first error."""
    if size == 1:
        return [function(ALONE)]
    table = Table(size)

    def work(rank: int) -> Any:
        try:
            return function(Threads(Place(rank, size, rank, size), table))
        except BaseException:
            table.leave()
            raise

    with ThreadPoolExecutor(size) as pool:
        running = [pool.submit(work, rank) for rank in range(size)]
    errors = [one.exception() for one in running]
    for error in errors:
        if error and not isinstance(error, LeftError):
            raise error
    return [one.result() for one in running]
