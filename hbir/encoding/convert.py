"""Write a model with pickled weights again, in safetensors: pickles are read as bare numbers, never run."""

import pickle
import re
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
from hbir.core.files import atomic_folder, require_writable, write_json
from hbir.core.hub.models import SAFE, WEIGHTS, Snapshot
from hbir.core.model_folder import ST_CONFIG, read_config, refuse_adapter, refuse_pointers
from hbir.encoding.checks import needs_code, untrusted
from hbir.encoding.loading import UNUSED
from hbir.encoding.sources import fetch_model, refuse_revision

PICKLE = "pytorch_model.bin"
_UNREADABLE = (pickle.UnpicklingError, OSError, ValueError, KeyError, RuntimeError, EOFError, AttributeError)
_CODE = re.compile(r"GLOBAL ([\w.]+)")
"""How torch names what a pickle would have called."""
_VERSION = "Take config.json and weights from one version of the model."
_NAME = f"Name a folder or id that has it; weights of another name can be renamed to {PICKLE}."
_AGAIN = "The file seems to be incomplete: download or copy it again."


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
        ModelError: when the target is in use, the model has no weights, they cannot be read as bare numbers,
            they are not those of its architecture, or it needs code of its own.
    """
    where = f"model {name}"
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ModelError(
            where=str(target), expected="an empty folder", found="one in use", hint="Name another folder."
        )
    require_writable(target)
    wanted = (*SAFE, *(f"*{pattern}" for pattern in WEIGHTS))
    source, preset = fetch_model(name, revision, where, wanted)
    if not source.revision:
        refuse_revision(revision, "--revision", "a folder")
    refuse_pointers(source.path, where)
    refuse_adapter(source.path, where)
    parts = sorted({path.parent for path in source.path.rglob(WEIGHTS[0])})
    if not parts and not any(source.path.rglob("*.safetensors")):
        raise ModelError(where=where, expected=f"weights ({PICKLE})", found="none", hint=_NAME)
    with atomic_folder(target) as folder:
        for path in _safe(source.path):
            copy = folder / path.relative_to(source.path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        for part in parts:
            _rewrite(part, folder / part.relative_to(source.path), where)
        if preset and preset.prompts is not None:
            _name_prompts(folder / ST_CONFIG, preset.prompts)
    return source


def _safe(folder: Path) -> Iterator[Path]:
    paths = {path for pattern in SAFE for path in folder.rglob(pattern) if path.is_file()}
    yield from sorted(path for path in paths if not path.name.startswith(PICKLE))


def _rewrite(source: Path, target: Path, where: str) -> None:
    """Write the weights of one folder, of the model itself or of a module of sentence-transformers."""
    if any(target.glob("*.safetensors")):
        return
    config = source / "config.json"
    named = read_config(config, where) if config.is_file() else {}
    if needs_code(named):
        hint = "Convert it with that code in a place of its own, or choose another model."
        raise untrusted(where, f"model_type {named.get('model_type')}", hint)
    weights: dict[str, torch.Tensor] = {}
    for path in sorted(source.glob(WEIGHTS[0])):
        weights |= _numbers(path, where)
    if "model_type" in named:
        del weights
        _write_model(source, target, named, where)
    else:
        save_file(
            {name: weight.clone().contiguous() for name, weight in weights.items()},
            target / "model.safetensors",
        )


def _numbers(path: Path, where: str) -> dict[str, torch.Tensor]:
    """Read a pickle without running what it says."""
    weights: dict[str, torch.Tensor]
    expected, kept = "pickled weights that hold numbers alone, by name", f"{where}: {path.name}"
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        code = _CODE.search(str(error))
        found = f"{code[1]}, which is code" if code else f"what cannot be read ({type(error).__name__})"
        hint = "Choose another model or revision: loaded in another way, they may run code." if code else _AGAIN
        raise ModelError(where=kept, expected=expected, found=found, hint=hint) from error
    plain = isinstance(weights, dict) and all(isinstance(value, torch.Tensor) for value in weights.values())
    if not plain or not weights:
        keys = f" with the keys {', '.join(map(str, list(weights)[:3]))}" if isinstance(weights, dict) else ""
        found = f"a {type(weights).__name__}{keys}"
        hint = "Save the `state_dict()` of the model alone, or choose another model."
        raise ModelError(where=kept, expected=expected, found=found, hint=hint)
    return weights


def _write_model(source: Path, target: Path, config: dict[str, Any], where: str) -> None:
    named = config.get("architectures")
    kind = getattr(transformers, str(named[0]), None) if isinstance(named, list) and named else None
    model_class: Any = kind if isinstance(kind, type) and issubclass(kind, PreTrainedModel) else AutoModel
    try:
        model, info = model_class.from_pretrained(
            str(source),
            use_safetensors=False,
            weights_only=True,
            output_loading_info=True,
            local_files_only=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,
        )
    except _UNREADABLE as error:
        found = " ".join(str(error).split())[:200].rstrip(".")
        expected = "weights that fit config.json"
        raise ModelError(where=where, expected=expected, found=found, hint=_VERSION) from error
    missing = set(info["missing_keys"])
    others = {str(name): f"{size} in place of {wanted}" for name, size, wanted in info["mismatched_keys"]}
    lacking = others | {name: "none" for name in sorted(missing) if _needed(model, name)}
    if lacking:
        name, size = next(iter(lacking.items()))
        raise ModelError(
            where=where,
            expected=f"all weights of {type(model).__name__}",
            found=f"{size} of {name}, and {len(lacking) - 1:,} more of that kind",
            hint=_VERSION,
        )
    _save(model, missing, target)


def _needed(model: PreTrainedModel, name: str) -> bool:
    """Tell the model itself from a head on top of it, which the published weights may not have."""
    prefix = model.base_model_prefix
    inside = name.startswith(f"{prefix}.") or not hasattr(model, prefix)
    return inside and not set(name.split(".")) & set(UNUSED)


def _save(model: PreTrainedModel, missing: set[str], target: Path) -> None:
    """Save the weights that were there; what was missing stays missing instead of becoming random numbers."""
    weights = {name: weight for name, weight in model.state_dict().items() if name not in missing}
    with tempfile.TemporaryDirectory(dir=target) as folder:
        model.save_pretrained(folder, state_dict=weights)
        for path in Path(folder).glob("*.safetensors*"):
            path.rename(target / path.name)


def _name_prompts(path: Path, prompts: dict[str, str]) -> None:
    """Keep a preset's prompts, which its own files do not name, with the folder that takes its place."""
    config = read_config(path, str(path)) if path.is_file() else {}
    write_json(path, config | {"prompts": prompts})
