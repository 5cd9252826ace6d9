"""Restore the runs of DVC experiments from DVC's cache, without touching the workspace."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hbir.core.errors import HbirError, TrackingError
from hbir.core.paths import MODELS, PARAMS, SCORES, TRANSLATED
from hbir.core.training_record import TRAINING, training_of
from hbir.evaluation.results import read_results
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin, find_run, open_run
from hbir.tracking.store import Store
from hbir.tracking.sync import SYNCHRONISED, SyncSummary, synchronise
from hbir.tracking.translations import COUNTS

if TYPE_CHECKING:
    from dvc.api import DVCFileSystem

LOCK = "dvc.lock"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Name one DVC experiment."""

    name: str
    commit: str
    baseline: str
    """The commit that it started from."""


def synchronise_experiments(store: Store, params: TrackingParams) -> SyncSummary:
    """Bring in what the experiments of this repository have and the store has not.

    Trainings that are complete in the store only learn the experiment's name: the workspace decides which of
    several evaluations of one training a run shows.

    Args:
        store: the open store.
        params: the section `tracking`.

    Returns:
        What was done, and which experiments lie in no cache any more.

    Raises:
        TrackingError: when the store fails.
    """
    summary = SyncSummary()
    unreadable: tuple[type[Exception], ...] = (*_unavailable(), HbirError, KeyError, ValueError)
    for experiment in list_experiments(store.root):
        try:
            summary.add(_synchronise_one(experiment, store, params))
        except TrackingError:
            raise
        except unreadable as error:
            told = f"{experiment.name}: cannot be read from DVC's cache: {error}; `dvc exp pull` may fetch it"
            summary.notes.append(told)
    return summary


def list_experiments(root: Path) -> Iterator[Experiment]:
    """List the experiments of a repository.

    Args:
        root: the main repository.

    Yields:
        Them all, those without scores too.
    """
    if not (root / ".dvc").is_dir():
        return
    from dvc.repo import Repo

    with Repo(str(root)) as repo:
        listed = repo.experiments.ls(all_commits=True)
    for baseline, experiments in listed.items():
        for name, commit in experiments:
            yield Experiment(name=name, commit=commit, baseline=baseline)


def _synchronise_one(experiment: Experiment, store: Store, params: TrackingParams) -> SyncSummary:
    from dvc.api import DVCFileSystem

    files = DVCFileSystem(str(store.root), rev=experiment.commit)
    origin = Origin(experiments=(experiment.name,), revision=experiment.baseline)
    missing = [sampler for sampler in _samplers(files) if not _is_complete(files, sampler, store, origin)]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        for sampler in missing:
            _fetch(files, sampler, target, params)
        _fetch_translations(files, target)
        results = read_results(target / SCORES, missing)
        return synchronise(results, store, target, params, origin)


def _samplers(files: "DVCFileSystem") -> list[str]:
    if not files.exists(str(SCORES)):
        return []
    return sorted(Path(entry["name"]).name for entry in files.ls(str(SCORES)) if entry["type"] == "directory")


def _is_complete(files: "DVCFileSystem", sampler: str, store: Store, origin: Origin) -> bool:
    path = f"{SCORES}/{sampler}/{TRAINING}"
    fingerprint = training_of(json.loads(files.read_text(path)), path).fingerprint
    with store.faults():
        found = find_run(store, sampler, fingerprint)
        if not found or SYNCHRONISED not in found.data.tags:
            return False
        open_run(store, sampler, fingerprint, origin)
        return True


def _fetch(files: "DVCFileSystem", sampler: str, target: Path, params: TrackingParams) -> None:
    files.get(f"{SCORES}/{sampler}", str(target / SCORES / sampler), recursive=True)
    files.get(LOCK, str(target / LOCK))
    model = f"{MODELS}/{sampler}"
    try:
        if files.exists(model) and files.du(model) <= params.model_size_limit * 1e6:
            files.get(model, str(target / model), recursive=True)
    except _unavailable():
        shutil.rmtree(target / model, ignore_errors=True)  # half of it may be there; a reference will do


def _fetch_translations(files: "DVCFileSystem", target: Path) -> None:
    counted = files.glob(f"{TRANSLATED}/*{COUNTS}")
    for name in (str(PARAMS), *counted) if counted else ():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        files.get(name, str(target / name))


def _unavailable() -> tuple[type[Exception], ...]:
    """Return what DVC raises where neither its cache nor a remote has the data."""
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexDirError

    return FileNotFoundError, DvcException, DataIndexDirError
