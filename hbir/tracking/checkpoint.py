"""Record a training's checkpoint: as an MLflow model where it is small, else as a reference to DVC's copy."""

import importlib.metadata
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hbir.core.errors import DataError, ModelError
from hbir.core.hashing import folder_digest
from hbir.core.lock_file import locked_stages
from hbir.core.paths import LOCK
from hbir.core.rival_record import read_record
from hbir.core.rows import find_row
from hbir.core.training_record import FINAL_MODEL
from hbir.evaluation.results import SamplerResults
from hbir.tracking.datasets import fetch_command
from hbir.tracking.locked import out_hash
from hbir.tracking.runs import Origin
from hbir.tracking.tracked_run import TrackedRun
from hbir.tracking.values import run_params

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

CHECKPOINT = "hbir.checkpoint"
MODEL, REFERENCE = "model", "reference"
"""Values of that tag."""
REFERENCE_FILE = "checkpoint.json"
REQUIREMENTS = ("sentence-transformers", "transformers", "torch")
"""Named outright: MLflow would load the model twice more to find them."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Say what became of a checkpoint."""

    recorded: bool = False
    """Whether anything was added to the run."""
    notes: tuple[str, ...] = ()
    """What the user should know."""


def record_checkpoint(
    run: TrackedRun, result: SamplerResults, models: Path, limit: float, origin: Origin
) -> Recorded:
    """Record the best checkpoint, once.

    Args:
        run: the training's run.
        result: the sampler's scores.
        models: the folder of models of the project that the scores belong to.
        limit: MB up to which the model itself is logged.
        origin: where the results come from.

    Returns:
        Whether anything was added, and what the user should know.
    """
    recorded = run.tags.get(CHECKPOINT)
    row = find_row(result.sampler)
    if recorded == MODEL or (row and not row.owns_model):
        return Recorded()
    folder = models / result.sampler
    present = _is_of(folder, result.record.fingerprint)
    if present and _size(folder) <= limit * 1e6:
        return _record_model(run, result, folder)
    reference = _reference(folder, present, origin)
    new = bool(reference) and recorded != REFERENCE
    if new:
        _record_reference(run, reference)
    outcome = f"recorded as a reference, `{reference['fetch']}` gets it" if reference else "not recorded"
    note = f"{result.sampler}: its model is not in {models.name}/{result.sampler}, {outcome}"
    return Recorded(recorded=new, notes=() if present else (note,))


def _is_of(folder: Path, fingerprint: str) -> bool:
    """Tell whether a folder holds the model of this training, or this average, and not of another."""
    try:
        return read_record(folder).fingerprint == fingerprint
    except DataError:  # none, or not one of hbir's
        return False


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] != FINAL_MODEL
    ]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in _files(folder))


def _record_model(run: TrackedRun, result: SamplerResults, folder: Path) -> Recorded:
    from transformers.utils import logging as hub_logging

    from hbir.encoding.model import load_encoder

    mlflow = _import_mlflow()
    hub_logging.disable_progress_bar()
    try:
        model = load_encoder(folder, device="cpu")
    except ModelError as error:
        return Recorded(notes=(str(error),))
    signature = _signature(model)
    mlflow.set_tracking_uri(run.store.uri)
    # Made by hand, for log_model alone would put it into the process's current experiment, not into the run's.
    logged = run.store.client.create_logged_model(
        run.store.experiment_id,
        name="model",
        source_run_id=run.run_id,
        params=run_params(result.sampler, result.record.params),
    )
    mlflow.sentence_transformers.log_model(
        model=model,
        model_id=logged.model_id,
        run_id=run.run_id,
        signature=signature,
        pip_requirements=[f"{name}=={importlib.metadata.version(name)}" for name in REQUIREMENTS],
        create_model_card=False,
    )
    run.set_tags({CHECKPOINT: MODEL, f"{CHECKPOINT}.uri": f"models:/{logged.model_id}"})
    return Recorded(recorded=True)


def _record_reference(run: TrackedRun, reference: dict[str, str]) -> None:
    run.store.client.log_dict(run.run_id, reference, REFERENCE_FILE)
    run.set_tags({CHECKPOINT: REFERENCE, **{f"{CHECKPOINT}.{key}": text for key, text in reference.items()}})


def _import_mlflow() -> Any:
    """Import what logs models, without its warning about type hints of its own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*Any type hint is inferred as AnyType")
        import mlflow.pyfunc
        import mlflow.sentence_transformers

        return mlflow


def _signature(model: "SentenceTransformer") -> Any:
    """Say what the model takes and gives; `prompt_name` chooses the side, queries unless told otherwise."""
    import numpy as np
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec

    width = model.get_embedding_dimension()
    return ModelSignature(
        inputs=Schema([ColSpec("string")]),
        outputs=Schema([TensorSpec(np.dtype(np.float32), (-1, width))]),  # (n, d)
        params=ParamSchema([ParamSpec("prompt_name", "string", "query")]),
    )


def _reference(folder: Path, present: bool, origin: Origin) -> dict[str, str]:
    """Say where DVC keeps the model and how to get it; nothing where DVC does not know it."""
    path = f"{folder.parent.name}/{folder.name}"
    locked = out_hash(locked_stages(folder.parents[1] / LOCK), path)
    hashed = f"md5:{locked}" if locked else ""
    if not hashed and present:
        hashed = f"sha256:{folder_digest(folder)}"
    if not hashed:
        return {}
    return {"path": path, "hash": hashed, "fetch": fetch_command(path, origin)}
