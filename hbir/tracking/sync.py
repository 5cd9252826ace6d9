"""Bring the store up to date with what DVC holds: every score finds its run, or makes it."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hbir.core.hashing import digest, file_digest
from hbir.core.lock_file import locked_stages
from hbir.core.machine import main_root, read_record
from hbir.core.paths import LOCK, MODELS
from hbir.core.training_record import CURVES
from hbir.evaluation.differences import Difference
from hbir.evaluation.results import CELLS, SamplerResults
from hbir.reporting.described import description
from hbir.tracking.checkpoint import record_checkpoint
from hbir.tracking.content import Shared, fill_run
from hbir.tracking.datasets import dataset_inputs
from hbir.tracking.described import project_params, read_translations, written_params
from hbir.tracking.difference_values import AGAINST, difference_values
from hbir.tracking.live import never_fatal
from hbir.tracking.params import TrackingParams
from hbir.tracking.registry import register
from hbir.tracking.running import end_interrupted
from hbir.tracking.runs import EVALUATION, Origin, RunKey, here, open_run, replaceable, runs_of
from hbir.tracking.store import Store
from hbir.tracking.sync_summary import SyncSummary
from hbir.tracking.system import SYSTEM
from hbir.tracking.tracked_run import PARAM_LENGTH, TrackedRun
from hbir.tracking.values import SPEED, score_values

if TYPE_CHECKING:
    from mlflow.entities import Run

log = logging.getLogger(__name__)

SYNCHRONISED = "hbir.synchronised"
"""The tag with the digest of what was brought into a run; set last, so that it means all of it."""
CONTENT = 2
"""Of the version of what a run holds: with another number, what the folder shows is filled in again."""
NO_RECORD = "hbir.no_record"
"""The tag of a run of which it was said that its speed and environment are lost."""


def synchronise(
    results: list[SamplerResults],
    store: Store,
    project: Path,
    params: TrackingParams,
    origin: Origin,
    made_with: Mapping[str, Any] | None = None,
    found: Sequence[Difference] = (),
) -> SyncSummary:
    """Create the runs that are missing and complete the others; doing it twice changes nothing.

    Args:
        results: one entry per sampler.
        store: the open store.
        project: the folder that the results belong to, with its models and the counts of its translations.
        params: the section `tracking`.
        origin: where the results come from.
        made_with: the content of the params.yaml that the results were made with; None: as dvc.lock has it.
        found: the headline's differences to the others.

    Returns:
        What was done, and what could not be restored.

    Raises:
        TrackingError: when the store fails.
    """
    summary = SyncSummary()
    given = project_params(project) if made_with is None else made_with
    shared = Shared(
        params=description(given),
        translations=read_translations(project, given.get("languages") or []),
        stages=locked_stages(project / LOCK),
        models=project / MODELS,
        log_every=params.log_every,
    )
    with store.faults(), store.synchronising():
        summary.interrupted = end_interrupted(store)
        opened = {}
        for result in results:
            run = _synchronise_one(result, store, shared, params, origin, summary)
            run.add({}, (), difference_values(result.sampler, found))
            opened[run.run_id] = run
        summary.notes += register(store, results, list(opened.values()), params.champion)
        if origin.is_workspace:
            _compare_only(store, set(opened))
    return summary


def synchronise_quietly(
    results: list[SamplerResults], params: TrackingParams, found: Sequence[Difference] = ()
) -> None:
    """Synchronise the current project's results at the end of a stage, which no fault of the store may fail.

    Args:
        results: one entry per sampler.
        params: the section `tracking`.
        found: the headline's differences to the others.
    """
    with never_fatal():
        root = main_root()
        # dvc.lock still holds the params of the evaluation before this one.
        made_with = written_params(Path())
        log.info("%s", synchronise(results, Store(root), Path(), params, here(root), made_with, found))


def _synchronise_one(
    result: SamplerResults,
    store: Store,
    shared: Shared,
    params: TrackingParams,
    origin: Origin,
    summary: SyncSummary,
) -> TrackedRun:
    """Bring in one sampler, and return its run."""
    record = read_record(store.root, result.record.fingerprint) if result.training else None
    values = score_values(result.summaries, result.final)
    key = run_key(result)
    _make_way(store, key, origin, values, shared.params)
    run = open_run(store, key, origin, record["seconds"] if record else 0.0)
    inputs = dataset_inputs(result, shared.stages, origin)
    named = [(one.name, one.digest) for one in inputs]
    parts = [CONTENT, key.evaluation, asdict(result.record), record, shared.translations, values, named]
    mark = digest(json.dumps(parts, sort_keys=True))
    stale = run.tags.get(SYNCHRONISED) != mark
    if stale:
        fill_run(run, result, record, shared, values, inputs)
    checkpoint = record_checkpoint(run, result, shared.models, params.model_size_limit, origin)
    tags = {SYNCHRONISED: mark, EVALUATION: key.evaluation}
    if result.training and not record and not run.has(SPEED) and NO_RECORD not in run.tags:
        tags[NO_RECORD] = "true"
        summary.without_record += 1
    run.set_tags(tags)
    if run.run.info.status != "FINISHED":
        run.finish()
    summary.count(run.created, stale or checkpoint.recorded)
    summary.notes += checkpoint.notes
    return run


def run_key(result: SamplerResults) -> RunKey:
    """Say which run shows the scores of a sampler.

    Args:
        result: the scores.

    Returns:
        Its key.
    """
    return RunKey(
        sampler=result.sampler,
        fingerprint=result.record.fingerprint,
        seed=str(result.record.params.get("seed", "")),
        evaluation=evaluation_digest(result),
    )


def evaluation_digest(result: SamplerResults) -> str:
    """Hash the scores of a sampler.

    Args:
        result: them.

    Returns:
        A SHA-256 in hexadecimal, the same for the same scores of the same benchmarks.
    """
    cells = {name: file_digest(result.folder / name / CELLS) for name in result.summaries}
    summaries = {name: summary.plain() for name, summary in result.summaries.items()}
    return digest(json.dumps([summaries, result.final, cells], sort_keys=True))


def _make_way(
    store: Store, key: RunKey, origin: Origin, values: Mapping[str, float], params: Mapping[str, str]
) -> None:
    """Give new scores the run of those that they replace; where a benchmark or a param went, the run goes, too.

    MLflow can neither take a metric out of a run nor change a param. What is deleted here can be restored in
    its UI. So goes what a training left that was never scored, and was meant for other languages, for example.
    """
    for run in runs_of(store, key.sampler, key.fingerprint):
        waits = EVALUATION not in run.data.tags and run.info.status != "RUNNING"
        if waits and not _agrees(run, params):
            store.client.delete_run(run.info.run_id)
    old = replaceable(store, key, origin)
    if old is None:
        return
    parts = (*CURVES, "machine", SYSTEM)
    scored = {
        name for name in old.data.metrics if name.split("/")[0] not in parts and not name.startswith(AGAINST)
    }
    if _agrees(old, params) and scored <= set(values):
        store.client.set_tag(old.info.run_id, EVALUATION, key.evaluation)
    else:
        store.client.delete_run(old.info.run_id)


def _agrees(run: "Run", params: Mapping[str, str]) -> bool:
    """Tell whether a run has no other value of a param."""
    known, cut = run.data.params, {name: text[:PARAM_LENGTH] for name, text in params.items()}
    return all(known.get(name, text) == text for name, text in cut.items())


def _compare_only(store: Store, run_ids: set[str]) -> None:
    """Take out of the comparison what the project's folder does not show any more."""
    for run in store.search(store.compared):
        if run.info.run_id not in run_ids:
            store.client.delete_tag(run.info.run_id, store.comparison)
