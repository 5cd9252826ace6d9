"""Say in a run what it was trained and scored on, as MLflow's dataset inputs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hbir.core.hashing import digest
from hbir.core.lock_file import Stages
from hbir.evaluation.results import SamplerResults
from hbir.tracking.locked import scored_on, trained_on
from hbir.tracking.runs import Origin
from hbir.tracking.tracked_run import TrackedRun

TRAINING, EVALUATION = "training", "evaluation"
"""Contexts, as MLflow shows them beside a dataset."""
CONTEXT = "mlflow.data.context"
DIGEST_LENGTH = 36
"""Characters; DVC's longest hash has as many."""


@dataclass(frozen=True, kw_only=True)
class DatasetInput:
    """Name a dataset of a run."""

    name: str
    digest: str
    context: str
    kind: str
    """Of the source: `local` is a file, which `mlflow.data.get_source` gives."""
    source: dict[str, Any]
    profile: dict[str, Any] = field(default_factory=dict)
    """Sizes."""


def dataset_inputs(result: SamplerResults, stages: Stages, origin: Origin) -> list[DatasetInput]:
    """List the plan and the pairs that a model saw, and the benchmarks that it was scored on.

    Args:
        result: one sampler.
        stages: of the dvc.lock beside its scores.
        origin: where the results come from.

    Returns:
        The inputs; without plan and pairs where dvc.lock does not tell them.
    """
    composition = result.training.composition if result.training else ()
    pairs = {"pairs": sum(cell.count for cell in composition)}
    trained = [
        DatasetInput(
            name=path,
            digest=hashed,
            context=TRAINING,
            kind="local",
            source={"uri": path, "md5": hashed, "fetch": fetch_command(path, origin)},
            profile=pairs if path.endswith(f"{result.sampler}.parquet") else {},
        )
        for path, hashed in trained_on(stages, result.sampler).items()
    ]
    return [*trained, *_benchmarks(result, scored_on(stages, result.sampler))]


def fetch_command(path: str, origin: Origin) -> str:
    """Say how to get what DVC keeps.

    Args:
        path: relative to the project's folder.
        origin: the experiments that have it; none: what the project's folder shows.

    Returns:
        A command.
    """
    return f"dvc get . {path} --rev {origin.experiments[0]}" if origin.experiments else f"dvc pull {path}"


def log_inputs(run: TrackedRun, inputs: Sequence[DatasetInput]) -> None:
    """Log them; those that the run has stay as they are.

    Args:
        run: of the model.
        inputs: what it was trained and scored on.
    """
    from mlflow.entities import Dataset, InputTag
    from mlflow.entities import DatasetInput as Logged

    logged = [
        Logged(
            Dataset(
                name=one.name,
                digest=one.digest,
                source_type=one.kind,
                source=json.dumps(one.source),
                profile=json.dumps(one.profile),
            ),
            [InputTag(CONTEXT, one.context)],
        )
        for one in inputs
    ]
    run.store.client.log_inputs(run.run_id, datasets=logged)


def _benchmarks(result: SamplerResults, files: str) -> list[DatasetInput]:
    """Name the benchmarks by version, which changes with every text that is scored."""
    return [
        DatasetInput(
            name=name,
            digest=_short(summary.task.version),
            context=EVALUATION,
            kind="benchmark",
            source={"benchmark": name, "version": summary.task.version, "files_md5": files},
            profile={
                "languages": ", ".join(summary.task.languages),
                "queries": summary.task.queries,
                "passages": summary.task.passages,
            },
        )
        for name, summary in result.summaries.items()
    ]


def _short(version: str) -> str:
    """Shorten a version to what MLflow takes, and so that two versions stay two."""
    if len(version) <= DIGEST_LENGTH:
        return version
    return f"{version[: DIGEST_LENGTH - 13]}-{digest(version)[:12]}"
