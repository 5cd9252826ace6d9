"""Bring the store up to date with what DVC holds: every score finds its run, or makes it."""

import json
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hbir.core.files import write_json
from hbir.core.hashing import digest, file_digest
from hbir.core.machine import main_root, read_record
from hbir.core.paths import MODELS
from hbir.core.training_record import CURVES, TRAINING, write_training
from hbir.evaluation.results import CELLS, SamplerResults
from hbir.reporting.described import description
from hbir.tracking.checkpoint import record_checkpoint
from hbir.tracking.described import project_params, read_translations
from hbir.tracking.figures import composition_figure
from hbir.tracking.live import never_fatal
from hbir.tracking.params import TrackingParams
from hbir.tracking.running import end_interrupted
from hbir.tracking.runs import COMPARED, EVALUATION, Origin, RunKey, TrackedRun, here, open_run, replaceable
from hbir.tracking.store import Store
from hbir.tracking.values import SPEED, curve_points, run_params, score_values

log = logging.getLogger(__name__)

SYNCHRONISED = "hbir.synchronised"
"""The tag with the digest of what was brought into a run; set last, so that it means all of it."""
NO_RECORD = "hbir.no_record"
"""The tag of a run of which it was said that its speed and environment are lost."""
MACHINE = ("seconds", "peak_memory_mb")
ENVIRONMENT = ("device", "threads", "platform", "python")
"""Keys of a record that become metrics, and those that become tags."""
TRANSLATION_FILE = "translation.json"


@dataclass
class SyncSummary:
    """Count what happened to the runs, and tell what could not be done."""

    created: int = 0
    completed: int = 0
    unchanged: int = 0
    interrupted: int = 0
    without_record: int = 0
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
        self.interrupted += other.interrupted
        self.without_record += other.without_record
        self.notes += other.notes

    def __str__(self) -> str:
        """Return one line, and one more per note."""
        counts = f"{self.created} created, {self.completed} completed, {self.unchanged} up to date"
        if self.interrupted:
            counts += f", {self.interrupted} marked as killed"
        notes = list(self.notes)
        if self.without_record:
            notes.append(
                f"speed and environment of {self.without_record} runs are not known here: "
                "the machine that trained them keeps them in .hbir/records"
            )
        return "\n".join([f"MLflow runs: {counts}", *(f"  {note}" for note in notes)])


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
    shared = _Shared(
        params=description(project_params(project)),
        translations=read_translations(project),
        models=project / MODELS,
        log_every=params.log_every,
    )
    with store.faults():
        summary.interrupted = end_interrupted(store)
        opened = {_synchronise_one(result, store, shared, params, origin, summary) for result in results}
        if origin.is_workspace:
            _compare_only(store, opened)
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


@dataclass(frozen=True, kw_only=True)
class _Shared:
    """Hold what the samplers of a project have in common."""

    params: dict[str, str]
    translations: dict[str, Any]
    """Language → what became of its pairs."""
    models: Path
    log_every: int


def _synchronise_one(
    result: SamplerResults,
    store: Store,
    shared: _Shared,
    params: TrackingParams,
    origin: Origin,
    summary: SyncSummary,
) -> str:
    """Bring in one sampler, and return its run's id."""
    training = result.training
    record = read_record(store.root, training.fingerprint)
    values = score_values(result.summaries, result.final)
    key = run_key(result)
    _make_way(store, key, origin, values)
    run = open_run(store, key, origin, record["seconds"] if record else 0.0)
    parts = [key.evaluation, asdict(training), record, shared.translations, values]
    mark = digest(json.dumps(parts, sort_keys=True))
    stale = run.tags.get(SYNCHRONISED) != mark
    if stale:
        _fill(run, result, record, shared, values)
    checkpoint = record_checkpoint(run, result, shared.models, params.model_size_limit, origin)
    tags = {SYNCHRONISED: mark, EVALUATION: key.evaluation}
    if not record and not run.has(SPEED) and NO_RECORD not in run.tags:
        tags[NO_RECORD] = "true"
        summary.without_record += 1
    run.set_tags(tags)
    if run.run.info.status != "FINISHED":
        run.finish()
    summary.count(run.created, stale or checkpoint.recorded)
    summary.notes += checkpoint.notes
    return run.run_id


def run_key(result: SamplerResults) -> RunKey:
    """Say which run shows the scores of a sampler.

    Args:
        result: the scores.

    Returns:
        Its key.
    """
    return RunKey(
        sampler=result.sampler,
        fingerprint=result.training.fingerprint,
        seed=str(result.training.params.get("seed", "")),
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


def _make_way(store: Store, key: RunKey, origin: Origin, values: Mapping[str, float]) -> None:
    """Give new scores the run of those that they replace; where a benchmark went, the run goes, too.

    MLflow cannot take a metric out of a run. What is deleted here can be restored in its UI.
    """
    old = replaceable(store, key, origin)
    if old is None:
        return
    parts = (*CURVES, "machine")
    scored = {name for name in old.data.metrics if name.split("/")[0] not in parts}
    if scored <= set(values):
        store.client.set_tag(old.info.run_id, EVALUATION, key.evaluation)
    else:
        store.client.delete_run(old.info.run_id)


def _compare_only(store: Store, run_ids: set[str]) -> None:
    """Take out of the comparison what the project's folder does not show any more."""
    for run in store.search(f"tags.`{store.comparison}` = '{COMPARED}'"):
        if run.info.run_id not in run_ids:
            store.client.delete_tag(run.info.run_id, store.comparison)


def _fill(
    run: TrackedRun,
    result: SamplerResults,
    record: dict[str, Any] | None,
    shared: _Shared,
    values: Mapping[str, float],
) -> None:
    training, environment = result.training, _environment(record)
    machine = {f"machine/{key}": environment[key] for key in MACHINE if key in environment}
    run.add(
        run_params(result.sampler, training.params) | shared.params,
        curve_points(training.curve, record),
        {**values, **machine},
        shared.log_every,
    )
    tags = {f"hbir.{key}": str(environment[key]) for key in ENVIRONMENT if key in environment}
    run.set_tags(tags | _translation_tags(shared.translations))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_training(folder / TRAINING, training)
        composition_figure(result.sampler, training.composition).savefig(folder / "composition.png")
        if environment:
            write_json(folder / "environment.json", environment)
        if shared.translations:
            write_json(folder / TRANSLATION_FILE, shared.translations)
        for benchmark in result.summaries:
            target = folder / "scores" / benchmark / CELLS
            target.parent.mkdir(parents=True)
            target.write_bytes((result.folder / benchmark / CELLS).read_bytes())
        run.store.client.log_artifacts(run.run_id, str(folder))


def _environment(record: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (record or {}).items() if key != "pairs_per_second"}


def _translation_tags(translations: Mapping[str, Any]) -> dict[str, str]:
    """Sum over the languages; the counts by language and reason are a file, for they make poor charts."""
    if not translations:
        return {}
    counted = translations.values()
    return {
        "hbir.translated_pairs": str(sum(stats.get("pairs", 0) for stats in counted)),
        "hbir.rejected_pairs": str(sum(sum(stats.get("rejected", {}).values()) for stats in counted)),
    }
