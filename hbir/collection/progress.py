"""Show that long work goes on: a bar on a terminal, else a line now and then."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

logger = logging.getLogger(__name__)
T = TypeVar("T")
_EVERY = 30.0
"""Seconds between two lines."""


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
    last = clock()
    with tqdm(items, desc=what, total=total, unit=" pairs", disable=None, leave=False) as bar:
        for number, item in enumerate(bar, start=1):
            yield item
            if bar.disable and clock() - last >= _EVERY:
                last = clock()
                logger.info(
                    "%s: %s pairs", what, f"{number:,}" if total is None else f"{number:,} of {total:,}"
                )
