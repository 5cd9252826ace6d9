"""Add to a run of the store what it does not have."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hbir.tracking.store import Store
from hbir.tracking.values import Point

if TYPE_CHECKING:
    from mlflow.entities import Run

ENTRIES_PER_BATCH, TAGS_PER_BATCH = 1000, 100
"""What MLflow takes at once, the second for params as well."""
PARAM_LENGTH = 6000
LIVE = "train/"
"""How the metrics begin that a training logs while it runs, a point every `tracking.log_every` steps."""


@dataclass
class TrackedRun:
    """Hold a run as it was when it was opened, and add what is missing."""

    store: Store
    run: "Run"
    created: bool
    _steps: dict[str, set[int]] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """Return its id in the store."""
        return str(self.run.info.run_id)

    @property
    def tags(self) -> dict[str, str]:
        """Return its tags when it was opened."""
        return dict(self.run.data.tags)

    def has(self, metric: str) -> bool:
        """Tell whether a metric has any value.

        Args:
            metric: its name.

        Returns:
            Whether it had one when the run was opened, or got one since.
        """
        return metric in self.run.data.metrics or metric in self._steps

    def add(
        self,
        params: Mapping[str, str],
        points: Iterable[Point] = (),
        values: Mapping[str, float] | None = None,
        log_every: int = 1,
    ) -> None:
        """Log what the run does not have, so that nothing is there twice.

        Args:
            params: names and texts; MLflow keeps the first value of each.
            points: of any metrics; those whose step a metric has are left out.
            values: metric name → value, of metrics without steps; those that the run has are left out.
            log_every: steps between two points of a live curve. A point is the mean of the steps before it, so
                one that lies less than this before a point of the run is left out too.
        """
        from mlflow.entities import Metric, Param

        now = now_milliseconds()
        known = self.run.data.metrics
        new = [
            point for point in points if self._is_new(point, log_every if point.name.startswith(LIVE) else 1)
        ]
        new += [Point(name, 0, value) for name, value in (values or {}).items() if known.get(name) != value]
        metrics = [Metric(point.name, point.value, now, point.step) for point in new]
        texts = {key: text[:PARAM_LENGTH] for key, text in params.items() if key not in self.run.data.params}
        written = [Param(key, text) for key, text in texts.items()]
        while written or metrics:
            some = written[:TAGS_PER_BATCH]
            room = ENTRIES_PER_BATCH - len(some)
            self.store.client.log_batch(self.run_id, params=some, metrics=metrics[:room])
            written, metrics = written[TAGS_PER_BATCH:], metrics[room:]

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set the tags that differ from those of the run.

        Args:
            tags: names and texts.
        """
        from mlflow.entities import RunTag

        new = [RunTag(key, text) for key, text in tags.items() if self.run.data.tags.get(key) != text]
        for start in range(0, len(new), TAGS_PER_BATCH):
            self.store.client.log_batch(self.run_id, tags=new[start : start + TAGS_PER_BATCH])

    def start(self) -> None:
        """Mark it as running."""
        self.store.client.update_run(self.run_id, status="RUNNING")

    def finish(self, status: str = "FINISHED") -> None:
        """Mark it as over.

        Args:
            status: FINISHED, FAILED or KILLED.
        """
        self.store.client.set_terminated(self.run_id, status)

    def _is_new(self, point: Point, reach: int) -> bool:
        """Tell whether a metric lacks a step and those right behind it, and note that it has it now."""
        if point.name not in self._steps:
            known = point.name in self.run.data.metrics
            history = self.store.client.get_metric_history(self.run_id, point.name) if known else []
            self._steps[point.name] = {metric.step for metric in history}
        steps = self._steps[point.name]
        if not steps.isdisjoint(range(point.step, point.step + reach)):
            return False
        steps.add(point.step)
        return True


def now_milliseconds() -> int:
    """Return the time as MLflow keeps it."""
    return time.time_ns() // 1_000_000
