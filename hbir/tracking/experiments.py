"""Restore the runs of DVC experiments from DVC's cache, without touching the workspace."""

import logging
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hbir.core.errors import DataError, HbirError, TrackingError
from hbir.core.paths import LOCK, MODELS, PARAMS, SCORES, TRANSLATED
from hbir.evaluation.results import QUERIES, SamplerResults, read_results
from hbir.reporting.git import Experiment, list_experiments
from hbir.tracking.champion import Metric
from hbir.tracking.described import COUNTS
from hbir.tracking.params import TrackingParams
from hbir.tracking.revision import Revision, unavailable
from hbir.tracking.runs import EVALUATION, FINGERPRINT, Origin, open_run
from hbir.tracking.store import Store
from hbir.tracking.sync import SYNCHRONISED, evaluation_digest, run_key, synchronise
from hbir.tracking.sync_summary import SyncSummary

if TYPE_CHECKING:
    from mlflow.entities import Run

log = logging.getLogger(__name__)

SECONDS = 5.0
"""At least so long between two lines that say how far it is."""


def synchronise_experiments(store: Store, params: TrackingParams) -> SyncSummary:
    """Bring in what the experiments of this repository have and the store has not, each with its own scores.

    Args:
        store: the open store.
        params: the section `tracking`.

    Returns:
        What was done, and which experiments lie in no cache any more.

    Raises:
        TrackingError: when the store fails.
    """
    summary = SyncSummary()
    unreadable: tuple[type[Exception], ...] = (*unavailable(), HbirError, KeyError, ValueError)
    try:
        experiments = list_experiments(store.root)
    except DataError as error:
        summary.notes.append(f"DVC's experiments are not looked for, they need Git: {error.found}")
        return summary
    with store.faults():
        complete = [run for run in store.search() if SYNCHRONISED in run.data.tags] if experiments else []
    if experiments:
        log.info("MLflow: looking at %s experiments", len(experiments))
    said = time.monotonic()
    for number, experiment in enumerate(experiments, start=1):
        try:
            summary.add(_synchronise_one(experiment, store, params, complete))
        except TrackingError:
            raise
        except unreadable as error:
            lost = f"{experiment.name}: cannot be read from DVC's cache: {error}; `dvc exp pull` may fetch it"
            summary.notes.append(lost)
        if time.monotonic() - said > SECONDS:
            said = time.monotonic()
            log.info("MLflow: %s of %s experiments", number, len(experiments))
    return summary


def _synchronise_one(
    experiment: Experiment, store: Store, params: TrackingParams, complete: "list[Run]"
) -> SyncSummary:
    files = Revision(store.root, experiment.commit)
    origin = Origin(experiments=(experiment.name,), revision=experiment.baseline)
    with tempfile.TemporaryDirectory() as temporary:
        target = Path(temporary)
        samplers = files.folders(str(SCORES))
        for name in files.find(str(SCORES), ".json", ".csv"):  # scores per query may be large, and stay there
            files.fetch(name, target)
        results = read_results(target / SCORES, samplers)
        missing = [result for result in results if not _is_complete(result, complete)]
        for result in results:
            if result not in missing:
                with store.faults():
                    open_run(store, run_key(result), origin)
        for result in missing:
            _fetch_model(files, result.sampler, target, params)
            _fetch_queries(files, result.sampler, target, params)
        if missing:
            for name in (str(LOCK), str(PARAMS), *files.find(str(TRANSLATED), COUNTS)):
                if files.has(name):
                    files.fetch(name, target)
        return synchronise(missing, store, target, params, origin)


def _is_complete(result: SamplerResults, complete: "list[Run]") -> bool:
    """Tell whether a run has these scores; what else it says is of whoever brought them in."""
    wanted = {FINGERPRINT: result.record.fingerprint, EVALUATION: evaluation_digest(result)}
    return any(wanted.items() <= run.data.tags.items() for run in complete)


def _fetch_model(files: Revision, sampler: str, target: Path, params: TrackingParams) -> None:
    model = f"{MODELS}/{sampler}"
    try:
        if files.has(model) and files.size(model) <= params.model_size_limit * 1e6:
            files.fetch(model, target)
    except unavailable():
        shutil.rmtree(target / model, ignore_errors=True)  # half of it may be there; a reference will do


def _fetch_queries(files: Revision, sampler: str, target: Path, params: TrackingParams) -> None:
    """Fetch the scores per query that decide about the champion; without them it stays who it is."""
    if params.champion is None:
        return
    name = f"{SCORES}/{sampler}/{Metric.of(params.champion).benchmark}/{QUERIES}"
    with suppress(*unavailable()):
        if files.has(name):
            files.fetch(name, target)
