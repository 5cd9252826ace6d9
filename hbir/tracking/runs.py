"""Find, create and fill runs: one per training and evaluation of it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hbir.core.errors import DataError
from hbir.core.rows import find_row
from hbir.core.samplers import SAMPLERS
from hbir.reporting.git import git
from hbir.tracking.experiment_names import merged_names, names_of
from hbir.tracking.store import COMPARED, Store
from hbir.tracking.tracked_run import TrackedRun, now_milliseconds

if TYPE_CHECKING:
    from mlflow.entities import Run

FINGERPRINT = "hbir.fingerprint"
SAMPLER = "hbir.sampler"
EVALUATION = "hbir.evaluation"
"""The tag with the digest of the scores that a run shows; a run without it was trained and not scored yet."""
REVISION = "hbir.revision"


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
        "mlflow.source.name": f"hbir {'train' if key.sampler in SAMPLERS else 'score'} {key.sampler}",
    }
    if origin.revision:
        tags |= {REVISION: origin.revision, "mlflow.source.git.commit": origin.revision}
    if row := find_row(key.sampler):
        tags["mlflow.runColor"] = row.colour  # MLflow would choose by chance
    return store.client.create_run(
        store.experiment_id,
        start_time=now_milliseconds() - round(1000 * seconds),
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
