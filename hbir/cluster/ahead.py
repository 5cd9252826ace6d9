"""Hand out blocks to workers, some ahead of the results, which come in the order of the blocks."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

_AT_A_WORKER = 2
"""Blocks: the one that it works on, and one that waits there, so that no worker waits for this process."""
_AHEAD = 3
"""Blocks for each worker that are out or wait for an earlier one: those above, and one that a slow neighbour
holds up. This bounds the memory, however many blocks there are."""
Block = TypeVar("Block")
Name = TypeVar("Name")
Ticket = TypeVar("Ticket")


def in_order(
    blocks: Iterable[Block],
    workers: Sequence[Name],
    submit: Callable[[Name, Block], Ticket],
    wait: Callable[[list[Ticket]], list[Ticket]],
) -> Iterator[Ticket]:
    """Give each block to the worker that is free first.

    Args:
        blocks: the work, taken as it is needed.
        workers: who does it.
        submit: gives a block to a worker, and returns what stands for the answer; each is another one.
        wait: returns those of the given answers that are there, at least one.

    Yields:
        What stands for the answers, in the order of the blocks, as soon as they and all before are there.
    """
    source, free = iter(blocks), deque(list(workers) * _AT_A_WORKER)
    running: dict[Ticket, Name] = {}
    ordered: deque[Ticket] = deque()
    while True:
        room = min(len(free), _AHEAD * len(workers) - len(ordered))
        for block in islice(source, room):
            worker = free.popleft()
            ticket = submit(worker, block)
            running[ticket] = worker
            ordered.append(ticket)
        if not ordered:
            return
        for ticket in wait(list(running)):
            free.append(running.pop(ticket))
        while ordered and ordered[0] not in running:
            yield ordered.popleft()
