"""Fill a run with what is known of a training and its evaluation."""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hbir.core.files import write_json
from hbir.core.lock_file import Stages
from hbir.core.rival_record import RIVAL, Record, RivalRecord, write_rival
from hbir.core.training_record import TRAINING, write_training
from hbir.evaluation.results import CELLS, PREFERENCES, SamplerResults
from hbir.reporting.page import comparison_page
from hbir.tracking.datasets import DatasetInput, log_inputs
from hbir.tracking.figures import composition_figure
from hbir.tracking.tracked_run import TrackedRun
from hbir.tracking.values import curve_points, run_params

MACHINE = ("seconds", "peak_memory_mb")
ENVIRONMENT = ("device", "threads", "cpu", "platform", "python")
"""Keys of a record that become metrics, and those that become tags."""
TRANSLATION_FILE = "translation.json"
REPORT = "report.html"
"""The page of the reports with this run alone: its tables, maps and curves."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Hold what the samplers of a project have in common."""

    params: dict[str, str]
    translations: dict[str, Any]
    """Language → what became of its pairs."""
    stages: Stages
    """Of dvc.lock."""
    models: Path
    log_every: int


def fill_run(
    run: TrackedRun,
    result: SamplerResults,
    record: dict[str, Any] | None,
    shared: Shared,
    values: Mapping[str, float],
    inputs: Sequence[DatasetInput],
) -> None:
    """Bring scores, curves, params, files and the names of datasets into a run.

    Args:
        run: the open run.
        result: the sampler's scores.
        record: speed and environment of the training, where they are kept.
        shared: what the samplers of the project have in common.
        values: the scores as metrics.
        inputs: what it was trained and scored on.
    """
    training, environment = result.training, _environment(record)
    points = curve_points(training.curve, record) if training else []
    machine = {f"machine/{key}": environment[key] for key in MACHINE if key in environment}
    run.add(
        run_params(result.sampler, result.record.params) | shared.params,
        points,
        {**values, **machine},
        shared.log_every,
    )
    tags = {f"hbir.{key}": str(environment[key]) for key in ENVIRONMENT if key in environment}
    run.set_tags(tags | _translation_tags(shared.translations))
    log_inputs(run, inputs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_record(folder, result.record)
        page = comparison_page([result], result.sampler, shared.params)
        (folder / REPORT).write_text(page, encoding="utf-8", newline="\n")
        if environment:
            write_json(folder / "environment.json", environment)
        if shared.translations:
            write_json(folder / TRANSLATION_FILE, shared.translations)
        for benchmark in result.summaries:
            _copy_tables(result.folder / benchmark, folder / "scores" / benchmark)
        run.store.client.log_artifacts(run.run_id, str(folder))


def _copy_tables(source: Path, target: Path) -> None:
    """Copy the tables that a person reads; scores of a single setting have no preferences."""
    target.mkdir(parents=True)
    for name in (CELLS, PREFERENCES):
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)


def _write_record(folder: Path, record: Record) -> None:
    if isinstance(record, RivalRecord):
        write_rival(folder / RIVAL, record)
        return
    write_training(folder / TRAINING, record)
    composition_figure(record.sampler, record.composition).savefig(folder / "composition.png")


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
