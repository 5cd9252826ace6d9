"""Find, create and fill runs: one per training and evaluation of it."""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hbir.core.errors import DataError
from hbir.core.samplers import SAMPLERS
from hbir.reporting.git import git
from hbir.tracking.experiment_names import merged_names, names_of
from hbir.tracking.store import Store
from hbir.tracking.values import Point

if TYPE_CHECKING:
    from mlflow.entities import Run

FINGERPRINT = "hbir.fingerprint"
SAMPLER = "hbir.sampler"
EVALUATION = "hbir.evaluation"
"""The tag with the digest of the scores that a run shows; a run without it was trained and not scored yet."""
REVISION = "hbir.revision"
COMPARED = "current"
"""Value of the tag that says which runs a project's folder compares now."""
ENTRIES_PER_BATCH, TAGS_PER_BATCH = 1000, 100
"""What MLflow takes at once, the second for params as well."""
PARAM_LENGTH = 6000
LIVE = "train/"
"""How the metrics begin that a training logs while it runs, a point every `tracking.log_every` steps."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Say where results come from."""

    experiments: tuple[str, ...] = ()
    """Names of DVC experiments."""
    revision: str = ""
    """A commit; empty where there is no Git."""
    is_workspace: bool = False
    """Whether they are what the project's folder shows now."""


@dataclass(frozen=True, kw_only=True)
class RunKey:
    """Say which run is meant."""

    sampler: str
    fingerprint: str
    """Of the training."""
    seed: str = ""
    evaluation: str = ""
    """Digest of the scores; empty while there are none."""


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

        now = _milliseconds()
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


def open_run(store: Store, key: RunKey, origin: Origin, seconds: float = 0.0) -> TrackedRun:
    """Find a run or create it; add the names of DVC experiments that share it.

    Args:
        store: the open store.
        key: which run: of a training that begins, the first one without scores, else the first one at all.
        origin: DVC experiments that have these results, and the commit for a new run.
        seconds: how long the training took, for the times of a new run.

    Returns:
        The run.
    """
    with store.locked():
        runs = runs_of(store, key.sampler, key.fingerprint)
        found = _chosen(runs, key)
        run = found or _create(store, key, origin, seconds)
        tracked = TrackedRun(store, run, created=found is None)
        tags = merged_names(run.data.tags, origin.experiments)
        tracked.set_tags(tags | ({store.comparison: COMPARED} if origin.is_workspace else {}))
    return tracked


def runs_of(store: Store, sampler: str, fingerprint: str = "") -> "list[Run]":
    """Find the runs of a sampler.

    Args:
        store: the open store.
        sampler: whose runs.
        fingerprint: of a training; empty for all trainings.

    Returns:
        The runs, the oldest first.
    """
    wanted = f"tags.`{SAMPLER}` = '{sampler}'"
    if fingerprint:
        wanted += f" AND tags.`{FINGERPRINT}` = '{fingerprint}'"
    return store.search(wanted)


def replaceable(store: Store, key: RunKey, origin: Origin) -> "Run | None":
    """Find the run whose scores those of a key replace: of this project's folder, or of the same experiment.

    Args:
        store: the open store.
        key: with the digest of the new scores.
        origin: where they come from.

    Returns:
        The run; None where the scores are there already, or others are to be kept beside them.
    """
    runs = runs_of(store, key.sampler, key.fingerprint)
    if _chosen(runs, key):
        return None
    for run in runs:
        projects = {name for name in run.data.tags if name.startswith(f"{store.COMPARISON}.")}
        allowed = {store.comparison} if origin.is_workspace else set()
        is_known = bool(origin.experiments) or store.comparison in projects
        if is_known and projects <= allowed and names_of(run.data.tags) == set(origin.experiments):
            return run
    return None


def here(root: Path) -> Origin:
    """Say where the results of the current directory come from.

    Args:
        root: the main repository.

    Returns:
        The experiment that DVC is running, if it is, and the commit that it started from.
    """
    name = os.environ.get("DVC_EXP_NAME")
    revision = os.environ.get("DVC_EXP_BASELINE_REV") or _head(root)
    return Origin(
        experiments=(name,) if name else (),
        revision=revision,
        is_workspace=Path.cwd().resolve() == root.resolve(),
    )


def _chosen(runs: "list[Run]", key: RunKey) -> "Run | None":
    """Choose the run with these scores, else the first without any; before there are scores, any."""
    same = [run for run in runs if key.evaluation and run.data.tags.get(EVALUATION) == key.evaluation]
    unscored = [run for run in runs if EVALUATION not in run.data.tags]
    choices = [*same, *unscored, *([] if key.evaluation else runs)]
    return choices[0] if choices else None


def _create(store: Store, key: RunKey, origin: Origin, seconds: float) -> "Run":
    tags = {
        FINGERPRINT: key.fingerprint,
        SAMPLER: key.sampler,
        "mlflow.source.name": f"hbir train {key.sampler}",
    }
    if origin.revision:
        tags |= {REVISION: origin.revision, "mlflow.source.git.commit": origin.revision}
    if key.sampler in SAMPLERS:
        tags["mlflow.runColor"] = SAMPLERS[key.sampler].colour  # MLflow would choose by chance
    return store.client.create_run(
        store.experiment_id,
        start_time=_milliseconds() - round(1000 * seconds),
        tags=tags,
        run_name=_name(store, key, origin),
    )


def _name(store: Store, key: RunKey, origin: Origin) -> str:
    """Name a run by sampler and seed; further ones also by their experiment, or by their training."""
    taken = {run.info.run_name for run in runs_of(store, key.sampler)}
    name = f"{key.sampler} seed {key.seed}" if key.seed else key.sampler
    more = [*origin.experiments, key.fingerprint[:7], key.evaluation[:7]]
    while name in taken and more:
        name = f"{name} {more.pop(0)}"
    return name


def _head(root: Path) -> str:
    try:
        return git(root, "rev-parse", "HEAD").strip()
    except DataError:
        return ""  # no Git, or no commit yet: a run without a revision is still a run


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000
