"""Let a running step finish before Ctrl-C or a termination signal stops the work."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


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
    """Catch SIGINT and SIGTERM while a block runs.

    Yields:
        What to ask between two steps.
    """
    interrupt = Interrupt()
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, interrupt.request) for number in signals}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
