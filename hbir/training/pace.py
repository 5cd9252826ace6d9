"""Say how long validations take, and warn where they take too much of a training."""

import logging
import time
from collections.abc import Callable

from hbir.core.progress import duration

log = logging.getLogger(__name__)
SHORT = 5.0
"""Seconds: nobody minds a shorter validation."""
TOO_MUCH = 1 / 3
"""Of a training's time."""


class Pace:
    """Watch the time between validations, and that of the first one."""

    def __init__(self, name: str, every: int, step: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin.

        Args:
            name: of the training, such as `train xx`.
            every: steps from one validation to the next.
            step: steps that are done.
            clock: returns seconds.
        """
        self._name, self._every, self._from, self._clock = name, every, step, clock
        self._begin = clock()
        self._said = False

    def begin_validation(self, step: int) -> None:
        """Note that steps are over, and a validation begins.

        Args:
            step: steps done.
        """
        self._steps, self._began = step - self._from, self._clock()

    def end_validation(self, step: int, validations: int) -> None:
        """Note that it is over, and say of the first one how long it took.

        Args:
            step: steps done.
            validations: that are still to come.
        """
        seconds, training = self._clock() - self._began, self._began - self._begin
        self._from, self._begin = step, self._clock()
        if self._said or seconds < SHORT or not self._steps:
            return
        self._said = True
        between = training / self._steps * self._every
        share = seconds / (seconds + between)
        left = f"; {validations} more take about {duration(validations * seconds)}" if validations else ""
        log.info("%s: a validation takes %s%s", self._name, duration(seconds), left)
        if share > TOO_MUCH:
            log.warning(
                "%s: validations take %.0f %% of the time. Raise train.validation.every, which is %d, or lower "
                "train.validation.batches.",
                self._name,
                100 * share,
                self._every,
            )
