"""Find moments in which nothing else runs, so that a machine with other work can be measured too."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_STAT = Path("/proc/stat")
_IDLE = slice(3, 5)
"""Where a line of `_STAT` has the time without work and that of waiting for a disk."""
_TROUBLE = 0.06
"""Cores that other processes may take."""
_LOOK = 0.12
"""Seconds that must be quiet before a measurement begins."""


class Others:
    """Measure how much other processes compute; on other systems than Linux they never seem to."""

    def __init__(self, known: Sequence[int]) -> None:
        """Begin to measure.

        Args:
            known: ids of processes that belong to the measurement, beside this one and its ended children.
        """
        self._known = (os.getpid(), *known)
        self._start, self._before = time.perf_counter(), self._seconds()

    def quiet(self) -> bool:
        """Tell whether they took next to nothing since the beginning."""
        taken = self._seconds() - self._before
        # The system counts in hundredths of a second.
        return taken <= _TROUBLE * (time.perf_counter() - self._start) + 0.01

    def _seconds(self) -> float:
        return _all_seconds() - sum(map(_own_seconds, self._known)) if _STAT.is_file() else 0.0


def quietly(measure: Callable[[], float], known: Sequence[int], end: float) -> float | None:
    """Measure in a moment in which no other process computes.

    Args:
        measure: returns a value; called again where others computed meanwhile.
        known: ids of processes that belong to the measurement.
        end: by `time.monotonic`, when to give up.

    Returns:
        The value; None where there was no such moment.
    """
    while time.monotonic() < end:
        others = Others(known)
        time.sleep(_LOOK)
        if not others.quiet():
            continue
        others = Others(known)
        value = measure()
        if others.quiet():
            return value
    return None


def _all_seconds() -> float:
    times = [int(field) for field in _STAT.read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(times) - sum(times[_IDLE])) / os.sysconf("SC_CLK_TCK")


def _own_seconds(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:  # it has ended
        return 0.0
    times = text.rpartition(")")[2].split()[11:15]  # in user and system mode, and the same of ended children
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
