"""Load, save and run encoders."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from transformers.utils import logging as hub_logging

from hbir.core.errors import ModelError
from hbir.core.hub.models import require_safetensors
from hbir.core.model_folder import MODULES
from hbir.encoding.checks import require_encoder
from hbir.encoding.loading import ANOTHER, open_folder
from hbir.encoding.prompts import SIDES, Side, published_prompts
from hbir.encoding.settings import set_pooling
from hbir.encoding.sources import find_source

logger = logging.getLogger(__name__)
_RERUN = "Delete the folder and run `dvc repro`, or name another."


def load_encoder(
    path: Path, device: str | None = None, trust_remote_code: bool = False, attention: str | None = None
) -> SentenceTransformer:
    """Load an encoder that hbir saved.

    Args:
        path: a folder that sentence-transformers saved.
        device: where to put it; None takes the best that there is.
        trust_remote_code: whether code that comes with it may run.
        attention: `eager`, `sdpa`, `flash_attention_2` …; None for the library's choice.

    Returns:
        The encoder, in evaluation mode.

    Raises:
        ModelError: when the folder or its weights are missing or broken.
    """
    if not (path / MODULES).is_file():
        raise ModelError(
            where=str(path), expected="a sentence-transformers folder", found=f"no {MODULES}", hint=_RERUN
        )
    require_encoder(path, str(path), trust_remote_code)
    require_safetensors(path, str(path), str(path))
    return open_folder(path, str(path), _RERUN, device, trust_remote_code, attention).eval()


def open_encoder(
    name: str,
    device: str | None = None,
    trust_remote_code: bool = False,
    attention: str | None = None,
    prompts: Mapping[Side, str | None] = MappingProxyType({}),
) -> SentenceTransformer:
    """Open any encoder to score it or to search with it: its own prompts, pooling and lengths.

    Args:
        name: a preset, an id of the Hub, or a folder; weights in safetensors.
        device: where to put it; None takes the best that there is.
        trust_remote_code: whether code that comes with it may run.
        attention: `eager`, `sdpa`, `flash_attention_2` …; None for the library's choice.
        prompts: by side, what takes the place of its own; None for its own.

    Returns:
        The encoder, in evaluation mode.

    Raises:
        ModelError: when it cannot be found or loaded.
    """
    where = f"model {name}"
    source = find_source(name, None, where, trust_remote_code)
    model = open_folder(source.path, where, ANOTHER, device, trust_remote_code, attention)
    if source.preset and not (source.path / MODULES).is_file():
        set_pooling(model, source.preset.pooling)
    replaced = {side: text for side, text in prompts.items() if text is not None}
    published = source.preset.prompts if source.preset else None
    if len(replaced) < len(SIDES):
        model.prompts |= published or published_prompts(source.path, where) or {}
    model.prompts |= replaced
    if not any(model.prompts.get(side) for side in SIDES):
        logger.info("%s: no prompts before queries and passages", name)
    return model.eval()


def save_encoder(model: SentenceTransformer, folder: Path) -> None:
    """Save an encoder with its prompts and lengths, in safetensors, without anything that changes between runs.

    Args:
        model: the encoder.
        folder: an empty folder, as a rule that of `hbir.core.files.atomic_folder`.
    """
    model.save_pretrained(str(folder), create_model_card=False)


def features(model: SentenceTransformer, texts: Sequence[str], side: Side) -> dict[str, Any]:
    """Do what `encode_query` and `encode_document` do before the forward pass: prompt, tokens, truncation.

    The forward pass itself is `model(features, task=side)`, since a router chooses its route by the task.

    Args:
        model: the encoder.
        texts: (b,) queries or passages, without prompts.
        side: which of the two they are; decides the prompt and the longest input.

    Returns:
        What the encoder's first module takes: tensors on the CPU by name, and flags of the library.
    """
    read: dict[str, Any] = model.preprocess(list(texts), prompt=model.prompts.get(side), task=side)
    return read


def prepare_torch(threads: int | None) -> None:
    """Make torch give the same bytes on one type of machine, and its libraries quiet.

    Args:
        threads: CPU threads; another number gives other last digits. None for torch's own choice.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if threads is not None:
        torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # Filling what will be written anyway costs 10 % of a step.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
