"""Who watches a training in the tests."""

from typing import Any

from hbir.training.observer import Observer


class Silent(Observer):
    """Watch nothing."""


class Recorder(Observer):
    """Remember everything that an observer gets."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.points: list[tuple[int, float, float]] = []

    def start(self, fingerprint: str, sampler: str, params: dict[str, Any]) -> None:
        self.events.append(("start", sampler, params["steps"]))

    def train(self, step: int, loss: float, learning_rate: float, pairs_per_second: float) -> None:
        self.events.append(("train", step))
        self.points.append((step, loss, learning_rate))

    def validation(self, step: int, loss: float, monolingual: float, cross_lingual: float | None) -> None:
        self.events.append(("validation", step))

    def finish(self, status: str) -> None:
        self.events.append(("finish", status))
