"""Load a folder with sentence-transformers, from safetensors alone, and say what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer

from hbir.core.errors import ModelError
from hbir.core.files import read_json
from hbir.encoding.kinds import MODULES

_FAULTS = (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError)


def open_folder(
    folder: Path, where: str, hint: str, device: str | None, trusted: bool, attention: str | None = None
) -> SentenceTransformer:
    """Load an encoder that `find_source` found or that hbir saved.

    Args:
        folder: its files.
        where: what to call it in a message.
        hint: what to do when it does not load.
        device: where to put it; None takes the best that there is.
        trusted: whether code that comes with it may run.
        attention: how attention is computed, such as `sdpa`; None for the library's choice.

    Returns:
        The encoder.

    Raises:
        ModelError: when it does not load, or its weights are those of another model.
    """
    settings: dict[str, Any] = {"use_safetensors": True}
    if attention is not None:
        settings["attn_implementation"] = attention
    try:
        model = SentenceTransformer(
            str(folder),
            device=device,
            trust_remote_code=trusted,
            local_files_only=True,
            model_kwargs=settings,
        )
        missing = _missing(model, folder)
    except _FAULTS as error:
        found = " ".join(str(error).split())[:300].rstrip(".")
        raise ModelError(where=where, expected="a model that loads", found=found, hint=hint) from error
    if missing > 0.5:
        raise ModelError(
            where=where,
            expected="the weights of its architecture",
            found=f"{missing:.0%} of them missing, which would start at random",
            hint=hint,
        )
    return model


def _missing(model: SentenceTransformer, folder: Path) -> float:
    """Return the share of a transformer's weights that no file names; a pooler or a tied one may be among them.

    A file names the same weight with more levels in front where it was saved with a head, or fewer.
    """
    parts = [part.model for part in model.modules() if isinstance(part, Transformer)]
    names = [name for part in parts for name, _ in part.named_parameters()]
    files: set[str] = set()
    for path in _weights(folder):
        with safe_open(path, framework="pt") as weights:
            files.update(weights.keys())
    endings = {ending for name in files for ending in _endings(name)}
    absent = [name for name in names if name not in endings and files.isdisjoint(_endings(name))]
    return len(absent) / max(len(names), 1)


def _weights(folder: Path) -> Iterator[Path]:
    """Find the files of a model and of its modules, and of nothing else that lies in its folder."""
    modules = folder / MODULES
    paths = [part["path"] for part in read_json(modules)] if modules.is_file() else []
    yield from folder.glob("*.safetensors")
    for path in filter(None, paths):
        yield from (folder / path).rglob("*.safetensors")


def _endings(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]
