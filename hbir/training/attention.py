"""Load an encoder with the attention that is asked for, or say why that cannot be."""

import os
from functools import partial
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from transformers.utils import is_flash_attn_2_available

from hbir.core.errors import ModelError, TrainingError
from hbir.encoding.model import load_encoder
from hbir.training.params import TrainParams

FLASH = "flash_attention_2"


def require_attention(params: TrainParams) -> None:
    """Make sure that `train.attention` can run here; flash attention then runs deterministically.

    Args:
        params: the section `train`.

    Raises:
        TrainingError: when flash attention has no GPU, no package or no bfloat16.
    """
    if params.attention != FLASH:
        return
    if not torch.cuda.is_available():
        raise _impossible(FLASH, "a GPU", "none", "Set train.attention to sdpa.")
    if not is_flash_attn_2_available(kernels_fallback_ok=True):
        hint = "Run `pip install flash-attn --no-build-isolation`, or set train.attention to sdpa."
        raise _impossible(FLASH, "the package flash-attn", "it is not installed", hint)
    if params.precision == "fp32":
        raise _impossible(FLASH, "train.precision auto or bf16", "fp32", "Set train.precision to bf16.")
    os.environ.setdefault("FLASH_ATTENTION_DETERMINISTIC", "1")


def load_attending(initial: Path, attention: str | None, trusted: bool) -> SentenceTransformer:
    """Load the encoder to be trained.

    Args:
        initial: its folder.
        attention: how attention is computed; None for the library's choice.
        trusted: whether code that comes with it may run.

    Returns:
        The encoder.

    Raises:
        ModelError: when it does not load.
        TrainingError: when it does, but not with that attention.
    """
    load = partial(load_encoder, initial, trust_remote_code=trusted)
    if attention is None:
        return load()
    try:
        return load(attention=attention)
    except ModelError as error:
        load()  # raises where something else is wrong
        expected = "an attention that the encoder's architecture has"
        raise _impossible(attention, expected, error.found, "Set train.attention to null.") from error


def _impossible(attention: str, expected: str, found: str, hint: str) -> TrainingError:
    where = f"params.yaml: train.attention: {attention}"
    return TrainingError(where=where, expected=expected, found=found, hint=hint)
