"""Let a running step finish before Ctrl-C, a termination or a closed terminal stops the work."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from hbir.core.place import is_launched

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""The last one is unknown to Windows."""
_PASSED_ON = 2.0
"""Seconds in which a launcher passes on what the terminal has sent to all processes already."""


class Interrupt:
    """Remember that somebody asked to stop."""

    requested = False
    number = signal.SIGINT
    """The signal that asked; Ctrl-C's until there is one."""
    _since = 0.0

    def request(self, number: int, frame: FrameType | None) -> None:
        """Note the request; a second one stops at once.

        Args:
            number: the signal.
            frame: where it came in.

        Raises:
            KeyboardInterrupt: at the second request.
        """
        if self.requested:
            if is_launched() and time.monotonic() - self._since < _PASSED_ON:
                return
            raise KeyboardInterrupt
        self._since = time.monotonic()
        self.requested, self.number = True, signal.Signals(number)


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Catch Ctrl-C, a termination and a closed terminal while a block runs.

    Yields:
        What to ask between two steps. In a thread, where Python allows no handler, it is never requested.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    signals = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupt.request) for number in signals}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Stopped(KeyboardInterrupt):
    """End a command as Ctrl-C does, and remember by what it was stopped."""

    def __init__(self, number: int = signal.SIGINT, *, is_said: bool = False) -> None:
        """Remember it.

        Args:
            number: the signal.
            is_said: whether the user has been told.
        """
        super().__init__()
        self.number = number
        self.is_said = is_said


def end_in_order(number: int, frame: FrameType | None) -> NoReturn:
    """Handle a termination as Ctrl-C is handled, so that temporary files are removed.

    Args:
        number: the signal.
        frame: where it came in.

    Raises:
        Stopped: always.
    """
    raise Stopped(number)
