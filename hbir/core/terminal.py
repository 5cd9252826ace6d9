"""Make sure that a terminal never ends the work: not by its encoding, nor by going away."""

import io
import os
import sys


class Output(io.TextIOWrapper):
    """Write text where what cannot be encoded becomes `?`, and go on silently when nobody reads any more."""

    def write(self, text: str) -> int:
        """Write.

        Args:
            text: any.

        Returns:
            Its length, whether or not it arrived.
        """
        try:
            return super().write(text)
        except OSError:
            self._give_up()
            return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        try:
            super().flush()
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        """Send what is still buffered, and all that follows, to nowhere."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def tolerate_terminal() -> None:
    """Replace this process's output and error output by tolerant ones."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if type(stream) is io.TextIOWrapper:  # no capture of a test, no notebook
            setattr(sys, name, _tolerant(stream))


def _tolerant(stream: io.TextIOWrapper) -> Output:
    encoding, buffered = stream.encoding, stream.line_buffering
    stream.flush()
    return Output(stream.detach(), encoding=encoding, errors="replace", line_buffering=buffered)
