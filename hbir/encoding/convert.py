"""Write a model with pickled weights again, in safetensors: pickles are read as bare numbers, never run."""

import pickle
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModel, PreTrainedModel

from hbir.core.errors import ModelError
from hbir.core.files import atomic_folder, read_json, write_json
from hbir.core.hub_models import SAFE, WEIGHTS, Snapshot, snapshot
from hbir.encoding.initial import PROMPT_FILE
from hbir.encoding.presets import PRESETS

PICKLE = "pytorch_model.bin"
_UNSAFE = (pickle.UnpicklingError, OSError, ValueError, KeyError, RuntimeError, EOFError)


def convert(name: str, target: Path, revision: str | None = None) -> Snapshot:
    """Write a model in safetensors, with every other safe file as it was published.

    Encoders and translation models alike: the class is the one that the model's own configuration names.

    Args:
        name: a preset, an id of the Hub or a folder.
        target: where to write it, a folder that is empty or not there yet.
        revision: a commit, branch or tag of the Hub; None for the recorded commit.

    Returns:
        Where the model was read from, and its commit.

    Raises:
        ModelError: when the target is in use, the model has no weights, or they cannot be read as bare numbers.
    """
    where = f"model {name}"
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ModelError(
            where=str(target), expected="an empty folder", found="one in use", hint="Name another folder."
        )
    preset = PRESETS.get(name)
    wanted = (*SAFE, *(f"*{pattern}" for pattern in WEIGHTS))
    source = snapshot(preset.id if preset and preset.id else name, revision, where, wanted)
    parts = sorted({path.parent for path in source.path.rglob(WEIGHTS[0])})
    if not parts and not any(source.path.rglob("*.safetensors")):
        raise ModelError(
            where=where, expected=f"weights ({PICKLE})", found="none", hint="Name the folder or id of a model."
        )
    with atomic_folder(target) as folder:
        for path in _safe(source.path):
            copy = folder / path.relative_to(source.path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        for part in parts:
            _rewrite(part, folder / part.relative_to(source.path), where)
        if preset and preset.prompts is not None:
            _name_prompts(folder / PROMPT_FILE, preset.prompts)
    return source


def _safe(folder: Path) -> Iterator[Path]:
    paths = {path for pattern in SAFE for path in folder.rglob(pattern) if path.is_file()}
    yield from sorted(path for path in paths if not path.name.startswith(PICKLE))


def _rewrite(source: Path, target: Path, where: str) -> None:
    """Write the weights of one folder, of the model itself or of a module of sentence-transformers."""
    if any(target.glob("*.safetensors")):
        return
    config = source / "config.json"
    named = read_json(config) if config.is_file() else {}
    try:
        if "model_type" in named:
            _write_model(source, target, named)
        else:
            weights = torch.load(source / PICKLE, map_location="cpu", weights_only=True)
            whole = {name: weight.contiguous() for name, weight in weights.items()}
            save_file(whole, target / "model.safetensors")
    except _UNSAFE as error:
        raise ModelError(
            where=where,
            expected="pickled weights that hold numbers alone",
            found=" ".join(str(error).split())[:200].rstrip("."),
            hint="Do not load them in another way: they may run code. Choose another model or revision.",
        ) from error


def _write_model(source: Path, target: Path, config: dict[str, Any]) -> None:
    architecture = (config.get("architectures") or [""])[0]
    kind = getattr(transformers, architecture, AutoModel)
    model, info = kind.from_pretrained(
        str(source), use_safetensors=False, weights_only=True, output_loading_info=True, local_files_only=True
    )
    _save(model, set(info["missing_keys"]), target)


def _save(model: PreTrainedModel, missing: set[str], target: Path) -> None:
    """Save the weights that were there; what was missing stays missing instead of becoming random numbers."""
    weights = {name: weight for name, weight in model.state_dict().items() if name not in missing}
    with tempfile.TemporaryDirectory(dir=target) as folder:
        model.save_pretrained(folder, state_dict=weights)
        for path in Path(folder).glob("*.safetensors*"):
            path.rename(target / path.name)


def _name_prompts(path: Path, prompts: dict[str, str]) -> None:
    """Keep a preset's prompts, which its own files do not name, with the folder that takes its place."""
    config = read_json(path) if path.is_file() else {}
    write_json(path, config | {"prompts": prompts})
