"""Say how far a training is: a bar on a terminal, a plain line now and then elsewhere, and both in a file."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tqdm import tqdm

from hbir.core.progress import EVERY, duration

log = logging.getLogger(__name__)
_file_alone = logging.getLogger(f"{__name__}.file")
_file_alone.propagate = False
FIRST_STEPS, FIRST_SECONDS = 10, 10.0
"""When the first line says how long it will take; the very first step is slower and does not count."""


class Progress:
    """Follow the steps of one training."""

    def __init__(self, name: str, steps: int, done: int, size: int, shown: bool = True) -> None:
        """Begin.

        Args:
            name: of the training, such as `train xx`.
            steps: of the whole plan.
            done: steps that an interrupted run did.
            size: pairs in a batch.
            shown: whether a terminal shows a bar; of several processes, one does.
        """
        self._name, self._steps, self._size = name, steps, size
        self._bar = tqdm(total=steps, initial=done, desc=name, unit="step", disable=None if shown else True)
        self._step = done
        self._measured_from: tuple[int, float] | None = None
        """Step and time after the first step of this process."""
        self._said: float | None = None
        """When the last line was written."""

    def __enter__(self) -> Self:
        """Show the bar."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the bar."""
        self._bar.close()

    def step(self, loss: float) -> None:
        """Note one step, and say something if it is time.

        Args:
            loss: the last one that was read.
        """
        self._move_bar(loss)
        self._step += 1
        now = time.monotonic()
        if self._measured_from is None:
            self._measured_from = self._step, now
            return
        steps, seconds = self._step - self._measured_from[0], now - self._measured_from[1]
        left = (self._steps - self._step) * seconds / steps
        speed = self._size * steps / max(seconds, 1e-9)
        if self._said is None and (steps >= FIRST_STEPS or seconds >= FIRST_SECONDS):
            self._say(f"about {duration(left)} for {self._steps:,} steps, {_rate(speed)}", now)
        elif self._said is not None and now - self._said >= EVERY:
            where = f"step {self._step:,} of {self._steps:,}, loss {loss:.3f}"
            self._say(f"{where}, {_rate(speed)}, {duration(left)} left", now)

    def _move_bar(self, loss: float) -> None:
        try:
            self._bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
            self._bar.update()
        except OSError:  # the terminal was closed
            self._bar.disable = True

    def _say(self, line: str, now: float) -> None:
        self._said = now
        # On a terminal the bar says it, and only the file needs the line.
        (log if self._bar.disable else _file_alone).info("%s: %s", self._name, line)


def _rate(pairs: float) -> str:
    return f"{pairs:,.0f} pairs/s" if pairs >= 10 else f"{pairs:.2g} pairs/s"


class _File(logging.FileHandler):
    """Write lines to a file, whose faults stop nothing."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, the name of logging
        """Let a line go that cannot be written, on a full disk for example.

        Args:
            record: the line.
        """

    def close(self) -> None:
        """Close the file, with what of it could be written."""
        with suppress(OSError):  # the last lines come now, and the disk may still be full
            super().close()


@contextmanager
def log_file(path: Path) -> Iterator[None]:
    """Write what hbir logs to a file too, each line with its time, behind what is there.

    Args:
        path: the file; that it cannot be written is a warning.

    Yields:
        Nothing.
    """
    loggers = logging.getLogger("hbir"), _file_alone
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = _File(path, encoding="utf-8")
    except OSError as error:
        log.warning("%s: no log is written: %s", path, error.strerror)
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()
