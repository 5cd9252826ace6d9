"""Show how many pairs there have been."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from hbir.core.progress import Counted

T = TypeVar("T")


def shown(
    items: Iterable[T], what: str, total: int | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[T]:
    """Pass items on, and show how many there have been.

    Args:
        items: any.
        what: is being done with them.
        total: how many there will be; None where nobody knows.
        clock: returns seconds.

    Yields:
        The items.
    """
    with Counted(what, total, "pairs", clock=clock) as counted:
        for item in items:
            yield item
            counted.add()
