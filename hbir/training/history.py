"""Record the curves of a training run."""

import math
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from hbir.core.training_record import TrainPoint, ValidationPoint

_POINTS = 100
"""A curve has at most so many points, and one more for the last step."""


def curve_interval(steps: int) -> int:
    """Choose the steps between two points of the saved curve, from the plan's length alone.

    Args:
        steps: of the whole plan.

    Returns:
        1, 2 or 5 times a power of ten.
    """
    power = 1
    while True:
        for factor in (1, 2, 5):
            if steps <= _POINTS * factor * power:
                return factor * power
        power *= 10


@dataclass
class Window:
    """Hold the steps since the last point of a curve."""

    losses: list[float] = field(default_factory=list)
    pairs: int = 0
    seconds: float = 0.0
    last: float = math.nan
    """The last loss of all, over the windows too."""

    def add(self, loss: float, pairs: int, seconds: float) -> None:
        """Note one step.

        Args:
            loss: its loss.
            pairs: its batch size.
            seconds: how long it took.
        """
        self.losses.append(loss)
        self.last = loss
        self.pairs += pairs
        self.seconds += seconds

    def close(self) -> tuple[float, float]:
        """Begin a new window.

        Returns:
            The mean loss and the pairs per second of the old one.
        """
        loss, speed = math.fsum(self.losses) / len(self.losses), self.pairs / max(self.seconds, 1e-9)
        self.losses, self.pairs, self.seconds = [], 0, 0.0
        return loss, speed


@dataclass
class History:
    """Hold what training.json will say, and the speed that it must not."""

    train: list[TrainPoint] = field(default_factory=list)
    validation: list[ValidationPoint] = field(default_factory=list)
    speed: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    """Time in the loop, over all sessions of a resumed run."""
    window: Window = field(default_factory=Window)
    clock: float = field(default_factory=time.monotonic)
    """When the time was last taken."""

    def add(self, loss: float, pairs: int) -> float:
        """Note one step.

        Args:
            loss: its loss.
            pairs: its batch size.

        Returns:
            How long it took, in seconds.
        """
        seconds = self.take_time()
        self.window.add(loss, pairs, seconds)
        return seconds

    def add_point(self, step: int, learning_rate: float) -> None:
        """Add a point to the curve: the mean since the last one.

        Args:
            step: steps done.
            learning_rate: of the last step.
        """
        loss, speed = self.window.close()
        self.train.append(TrainPoint(step=step, loss=round(loss, 6), learning_rate=learning_rate))
        self.speed.append({"step": step, "value": round(speed, 1)})

    def take_time(self) -> float:
        """Add the time since the last call to the total.

        Returns:
            That time in seconds.
        """
        now = time.monotonic()
        elapsed, self.clock = now - self.clock, now
        self.seconds += elapsed
        return elapsed

    @property
    def best(self) -> ValidationPoint:
        """Return the validation of lowest loss, the earliest of equals."""
        return min(self.validation, key=lambda point: point.loss)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: plain values alone, for nothing else is loaded again."""
        return {key: value for key, value in asdict(self).items() if key != "clock"}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "History":
        """Go on with the curves of a checkpoint.

        Args:
            state: what `state` returned.

        Returns:
            The same history.
        """
        points = {
            "train": [TrainPoint(**point) for point in state["train"]],
            "validation": [ValidationPoint(**point) for point in state["validation"]],
            "window": Window(**state["window"]),
        }
        return cls(**{**state, **points})
