"""Let a running step finish before Ctrl-C, a termination or a closed terminal stops the work."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""The last one is unknown to Windows."""


class Interrupt:
    """Remember that somebody asked to stop."""

    requested = False

    def request(self, number: int, frame: FrameType | None) -> None:
        """Note the request; a second one stops at once.

        Args:
            number: the signal.
            frame: where it came in.

        Raises:
            KeyboardInterrupt: at the second request.
        """
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True


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
