"""Find, create and fill the one run of a training."""

import os
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hbir.core.samplers import SAMPLERS
from hbir.tracking.points import Point, run_params
from hbir.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

FINGERPRINT = "hbir.fingerprint"
SAMPLER = "hbir.sampler"
EXPERIMENTS = "hbir.experiments"
REVISION = "hbir.revision"
METRICS_PER_BATCH, TAGS_PER_BATCH = 1000, 100
"""What MLflow takes at once."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Say where results come from."""

    experiments: tuple[str, ...] = ()
    """Names of DVC experiments."""
    revision: str = ""
    """A commit; empty where there is no Git."""


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

    def metrics(self, section: str) -> list[str]:
        """List the metrics of a section of the charts.

        Args:
            section: what stands before the first slash.

        Returns:
            Their names when the run was opened.
        """
        return [name for name in self.run.data.metrics if name.startswith(f"{section}/")]

    def add_params(self, sampler: str, params: Mapping[str, Any]) -> None:
        """Log the params that are not there.

        Args:
            sampler: whose run.
            params: flat names and values.
        """
        from mlflow.entities import Param

        known = self.run.data.params
        new = [Param(key, value) for key, value in run_params(sampler, params).items() if key not in known]
        for start in range(0, len(new), TAGS_PER_BATCH):
            self.store.client.log_batch(self.run_id, params=new[start : start + TAGS_PER_BATCH])

    def add_points(self, points: Iterable[Point]) -> None:
        """Log the points whose step a metric does not have, so that nothing is there twice.

        Args:
            points: of any metrics.
        """
        new = []
        for point in points:
            steps = self._known_steps(point.name)
            if point.step not in steps:
                steps.add(point.step)
                new.append(point)
        self._log(new)

    def set_values(self, values: Mapping[str, float]) -> None:
        """Log the values that differ from those in the run.

        Args:
            values: metric name → value, of metrics without steps.
        """
        known = self.run.data.metrics
        self._log([Point(name, 0, value) for name, value in values.items() if known.get(name) != value])

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags.

        Args:
            tags: names and texts.
        """
        from mlflow.entities import RunTag

        self.store.client.log_batch(self.run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    def start(self) -> None:
        """Mark it as running."""
        self.store.client.update_run(self.run_id, status="RUNNING")

    def finish(self, status: str = "FINISHED") -> None:
        """Mark it as over.

        Args:
            status: FINISHED, FAILED or KILLED.
        """
        self.store.client.set_terminated(self.run_id, status)

    def _known_steps(self, name: str) -> set[int]:
        if name not in self._steps:
            known = name in self.run.data.metrics
            history = self.store.client.get_metric_history(self.run_id, name) if known else []
            self._steps[name] = {metric.step for metric in history}
        return self._steps[name]

    def _log(self, points: list[Point]) -> None:
        from mlflow.entities import Metric

        now = _milliseconds()
        metrics = [Metric(point.name, point.value, now, point.step) for point in points]
        for start in range(0, len(metrics), METRICS_PER_BATCH):
            self.store.client.log_batch(self.run_id, metrics=metrics[start : start + METRICS_PER_BATCH])


def open_run(store: Store, sampler: str, fingerprint: str, origin: Origin, seconds: float = 0.0) -> TrackedRun:
    """Find the run of a training, or create it; add the names of DVC experiments that share it.

    Args:
        store: the open store.
        sampler: whose run.
        fingerprint: of the training.
        origin: DVC experiments that have this training's results, and the commit for a new run.
        seconds: how long the training took, for the times of a new run.

    Returns:
        The run.
    """
    with store.locked():
        found = find_run(store, sampler, fingerprint)
        run = found or _create(store, sampler, fingerprint, origin.revision, seconds)
        names = set(filter(None, run.data.tags.get(EXPERIMENTS, "").split(", ")))
        if not names.issuperset(origin.experiments):
            merged = ", ".join(sorted(names.union(origin.experiments)))
            store.client.set_tag(run.info.run_id, EXPERIMENTS, merged)
    return TrackedRun(store, run, created=found is None)


def here(root: Path) -> Origin:
    """Say where the results of the current directory come from.

    Args:
        root: the main repository.

    Returns:
        The experiment that DVC is running, if it is, and the commit that it started from.
    """
    name = os.environ.get("DVC_EXP_NAME")
    revision = os.environ.get("DVC_EXP_BASELINE_REV") or _head(root)
    return Origin(experiments=(name,) if name else (), revision=revision)


def find_run(store: Store, sampler: str, fingerprint: str) -> "Run | None":
    """Find the run of a training.

    Args:
        store: the open store.
        sampler: whose run.
        fingerprint: of the training.

    Returns:
        The run, or None.
    """
    wanted = f"tags.`{FINGERPRINT}` = '{fingerprint}' AND tags.`{SAMPLER}` = '{sampler}'"
    runs = store.client.search_runs([store.experiment_id], wanted, max_results=1)
    return runs[0] if runs else None


def _create(store: Store, sampler: str, fingerprint: str, revision: str, seconds: float) -> "Run":
    others = store.client.search_runs([store.experiment_id], f"tags.`{SAMPLER}` = '{sampler}'", max_results=1)
    tags = {FINGERPRINT: fingerprint, SAMPLER: sampler, "mlflow.source.name": f"hbir train {sampler}"}
    if revision:
        tags |= {REVISION: revision, "mlflow.source.git.commit": revision}
    if not others and sampler in SAMPLERS:
        tags["mlflow.runColor"] = SAMPLERS[sampler].colour
    return store.client.create_run(
        store.experiment_id,
        start_time=_milliseconds() - round(1000 * seconds),
        tags=tags,
        run_name=f"{sampler} {fingerprint[:7]}" if others else sampler,
    )


def _head(root: Path) -> str:
    try:
        command = ["git", "-C", str(root), "rev-parse", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""  # no Git, or no commit yet: a run without a revision is still a run


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000
