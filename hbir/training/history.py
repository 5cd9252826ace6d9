"""Record the curves of a training run."""

import math
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from hbir.core.training_record import TrainPoint, ValidationPoint


@dataclass
class History:
    """Hold what training.json will tell, and the speed that it must not."""

    train: list[TrainPoint] = field(default_factory=list)
    validation: list[ValidationPoint] = field(default_factory=list)
    speed: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    """Time in the loop, over all sessions of a resumed run."""
    losses: list[float] = field(default_factory=list)
    """Since the last point of the curve, as are the two below."""
    pairs: int = 0
    window: float = 0.0
    mark: float = field(default_factory=time.monotonic)

    def start(self) -> None:
        """Begin to count the time."""
        self.mark = time.monotonic()

    def add(self, loss: float, pairs: int) -> None:
        """Note one step.

        Args:
            loss: its loss.
            pairs: its batch size.
        """
        self.losses.append(loss)
        self.pairs += pairs
        self.window += self.lap()

    def point(self, step: int, learning_rate: float) -> tuple[float, float]:
        """Close the window since the last point.

        Args:
            step: steps done.
            learning_rate: of the last step.

        Returns:
            The mean loss and the pairs per second.
        """
        loss, speed = math.fsum(self.losses) / len(self.losses), self.pairs / max(self.window, 1e-9)
        self.train.append(TrainPoint(step=step, loss=round(loss, 6), learning_rate=learning_rate))
        self.speed.append({"step": step, "value": round(speed, 1)})
        self.losses, self.pairs, self.window = [], 0, 0.0
        return loss, speed

    def lap(self) -> float:
        """Add the time since the last call to the total.

        Returns:
            That time in seconds.
        """
        now = time.monotonic()
        elapsed, self.mark = now - self.mark, now
        self.seconds += elapsed
        return elapsed

    @property
    def best(self) -> ValidationPoint:
        """Return the validation of lowest loss, the earliest of equals."""
        return min(self.validation, key=lambda point: point.loss)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: plain values alone, for nothing else is loaded again."""
        return {key: value for key, value in asdict(self).items() if key != "mark"}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> "History":
        """Go on with the curves of a checkpoint.

        Args:
            state: what `state` returned.

        Returns:
            The same history.
        """
        train = [TrainPoint(**point) for point in state["train"]]
        validation = [ValidationPoint(**point) for point in state["validation"]]
        return cls(**{**state, "train": train, "validation": validation})
