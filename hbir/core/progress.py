"""Show that long work goes on: a bar on a terminal, else a line now and then."""

import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

log = logging.getLogger(__name__)
EVERY = 30.0
"""Seconds between two lines."""


class Counted:
    """Count what is done."""

    def __init__(
        self,
        what: str,
        total: int | None,
        unit: str,
        bar: bool = True,
        lines: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            what: is being done.
            total: how many there will be; None where nobody knows.
            unit: what they are, such as `texts`.
            bar: whether a terminal shows a bar; without it, it gets the lines.
            lines: whether there are lines where there is no bar.
            clock: returns seconds.
        """
        self._what, self._total, self._unit, self._lines, self._clock = what, total, unit, lines, clock
        hidden = None if bar else True
        self._bar: tqdm[Any] = tqdm(desc=what, total=total, unit=f" {unit}", disable=hidden, leave=False)
        self._done = 0
        self._begin = self._last = clock()

    def __enter__(self) -> Self:
        """Show the bar.

        Returns:
            This.
        """
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the bar.

        Args:
            kind: of an error, if any.
            error: it.
            trace: where it was raised.
        """
        self._bar.close()

    def add(self, number: int = 1) -> None:
        """Note that more is done, and say so if it is time.

        Args:
            number: how many more.
        """
        self._done += number
        self._bar.update(number)
        if not self._bar.disable or not self._lines:
            return
        now = self._clock()
        if now - self._last >= EVERY:
            self._last = now
            log.info("%s: %s %s%s", self._what, self._counted(), self._unit, self._left(now))

    def _counted(self) -> str:
        return f"{self._done:,}" if self._total is None else f"{self._done:,} of {self._total:,}"

    def _left(self, now: float) -> str:
        if self._total is None or self._done >= self._total:
            return ""
        return f", {duration((now - self._begin) * (self._total / self._done - 1))} left"


def duration(seconds: float) -> str:
    """Write a time as one reads it.

    Args:
        seconds: at least 0.

    Returns:
        Such as `40 s`, `12 min` or `3 h 05 min`.
    """
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"
