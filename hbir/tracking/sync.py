"""Bring the store up to date with what DVC holds: every score finds its run, or makes it."""

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hbir.core.hashing import digest, file_digest
from hbir.core.machine import main_root, read_record
from hbir.core.paths import MODELS
from hbir.core.training_record import TRAINING
from hbir.evaluation.results import CELLS, SamplerResults
from hbir.reporting.figures import composition_figure
from hbir.tracking.checkpoint import record_checkpoint
from hbir.tracking.live import never_fatal
from hbir.tracking.params import TrackingParams
from hbir.tracking.points import SPEED, TRANSLATION, curve_points, score_values, translation_values
from hbir.tracking.runs import Origin, TrackedRun, here, open_run
from hbir.tracking.store import Store
from hbir.tracking.translations import read_translations

log = logging.getLogger(__name__)

SYNCHRONISED = "hbir.synchronised"
"""The tag with the digest of what was brought into a run; set last, so that it means all of it."""
MACHINE = ("seconds", "peak_memory_mb")
ENVIRONMENT = ("device", "threads", "platform", "python")
"""Keys of a record that become metrics, and those that become tags."""


@dataclass
class SyncSummary:
    """Count what happened to the runs, and tell what could not be done."""

    created: int = 0
    completed: int = 0
    unchanged: int = 0
    notes: list[str] = field(default_factory=list)

    def count(self, created: bool, changed: bool) -> None:
        """Count one run.

        Args:
            created: whether it was missing.
            changed: whether anything was added to it.
        """
        self.created += created
        self.completed += changed and not created
        self.unchanged += not changed and not created

    def add(self, other: "SyncSummary") -> None:
        """Add another's counts and notes.

        Args:
            other: of the same store.
        """
        self.created += other.created
        self.completed += other.completed
        self.unchanged += other.unchanged
        self.notes += other.notes

    def __str__(self) -> str:
        """Return one line, and one more per note."""
        counts = f"{self.created} created, {self.completed} completed, {self.unchanged} up to date"
        return "\n".join([f"MLflow runs: {counts}", *(f"  {note}" for note in self.notes)])


def synchronise(
    results: list[SamplerResults],
    store: Store,
    project: Path,
    params: TrackingParams,
    origin: Origin,
) -> SyncSummary:
    """Create the runs that are missing and complete the others; doing it twice changes nothing.

    Args:
        results: one entry per sampler.
        store: the open store.
        project: the folder that the results belong to, with its models and the counts of its translations.
        params: the section `tracking`.
        origin: where the results come from.

    Returns:
        What was done, and what could not be restored.

    Raises:
        TrackingError: when the store fails.
    """
    summary = SyncSummary()
    counts = translation_values(read_translations(project))
    with store.faults():
        for result in results:
            _synchronise_one(result, store, project / MODELS, params, origin, summary, counts)
    return summary


def synchronise_quietly(results: list[SamplerResults], params: TrackingParams) -> None:
    """Synchronise the current project's results at the end of a stage, which no fault of the store may fail.

    Args:
        results: one entry per sampler.
        params: the section `tracking`.
    """
    with never_fatal():
        root = main_root()
        log.info("%s", synchronise(results, Store(root), Path(), params, here(root)))


def _synchronise_one(
    result: SamplerResults,
    store: Store,
    models: Path,
    params: TrackingParams,
    origin: Origin,
    summary: SyncSummary,
    counts: dict[str, float],
) -> None:
    fingerprint = result.training.fingerprint
    record = read_record(store.root, fingerprint)
    run = open_run(store, result.sampler, fingerprint, origin, record["seconds"] if record else 0.0)
    mark = _mark(result, record, counts)
    stale = run.tags.get(SYNCHRONISED) != mark
    if stale:
        _fill(run, result, record)
        gone = dict.fromkeys(run.metrics(TRANSLATION), 0)  # of a reason that is not found any more
        run.set_values(gone | counts)
    checkpoint = record_checkpoint(run, result, models, params.model_size_limit, origin)
    if stale:
        run.set_tags({SYNCHRONISED: mark})
    if run.run.info.status != "FINISHED":
        run.finish()
    summary.count(run.created, stale or checkpoint.recorded)
    summary.notes += checkpoint.notes
    if not record and not run.has(SPEED):
        summary.notes.append(
            f"{result.sampler}: speed and environment cannot be restored, "
            f".hbir/records/{fingerprint}.json is gone"
        )


def _fill(run: TrackedRun, result: SamplerResults, record: dict[str, Any] | None) -> None:
    training = result.training
    run.add_params(result.sampler, training.params)
    run.add_points(curve_points(training.curve, record))
    run.set_values(score_values(result.summaries, result.final))
    client = run.store.client
    client.log_dict(run.run_id, asdict(training), TRAINING)
    client.log_figure(run.run_id, composition_figure(result.sampler, training.composition), "composition.png")
    for benchmark in result.summaries:
        client.log_artifact(run.run_id, str(result.folder / benchmark / CELLS), f"scores/{benchmark}")
    if record:
        _fill_environment(run, record)


def _fill_environment(run: TrackedRun, record: dict[str, Any]) -> None:
    told = {key: value for key, value in record.items() if key != "pairs_per_second"}
    run.set_values({f"machine/{key}": told[key] for key in MACHINE if key in told})
    run.set_tags({f"hbir.{key}": str(told[key]) for key in ENVIRONMENT if key in told})
    run.store.client.log_dict(run.run_id, told, "environment.json")


def _mark(result: SamplerResults, record: dict[str, Any] | None, counts: dict[str, float]) -> str:
    cells = {name: file_digest(result.folder / name / CELLS) for name in result.summaries}
    summaries = {name: summary.plain() for name, summary in result.summaries.items()}
    parts = [asdict(result.training), summaries, result.final, cells, record, counts]
    return digest(json.dumps(parts, sort_keys=True))
