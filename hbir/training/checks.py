"""Find out before any work whether a training can run here and be saved."""

import importlib.util
import os

import torch
from transformers.utils import is_flash_attn_2_available

from hbir.core.errors import TrainingError
from hbir.training.params import TrainParams

FLASH = "flash_attention_2"
_LORA = "params.yaml: train.lora"


def require_installed(params: TrainParams) -> None:
    """Make sure that the machine has what `train.attention` and `train.lora` need.

    Flash attention then runs deterministically.

    Args:
        params: of one sampler.

    Raises:
        TrainingError: when flash attention has no GPU, no package or no bfloat16, or LoRA no package.
    """
    if params.attention == FLASH:
        _require_flash(params)
        os.environ.setdefault("FLASH_ATTENTION_DETERMINISTIC", "1")
    if params.lora is not None and importlib.util.find_spec("peft") is None:
        raise TrainingError(
            where=_LORA,
            expected="the package peft",
            found="it is not installed",
            hint="Run `pip install 'hbir[lora]'`, or set train.lora to null.",
        )


def no_attention(name: str, expected: str, found: str, hint: str) -> TrainingError:
    """Build the error for an attention that cannot be had, to be raised by the caller.

    Args:
        name: of the attention.
        expected: what it needs.
        found: what there is.
        hint: what to do next.

    Returns:
        The error.
    """
    where = f"params.yaml: train.attention: {name}"
    return TrainingError(where=where, expected=expected, found=found, hint=hint)


def _require_flash(params: TrainParams) -> None:
    if not torch.cuda.is_available():
        raise no_attention(FLASH, "a GPU", "none", "Set train.attention to sdpa.")
    if not is_flash_attn_2_available(kernels_fallback_ok=True):
        hint = "Run `pip install flash-attn --no-build-isolation`, or set train.attention to sdpa."
        raise no_attention(FLASH, "the package flash-attn", "it is not installed", hint)
    if params.precision == "fp32":
        raise no_attention(FLASH, "train.precision auto or bf16", "fp32", "Set train.precision to bf16.")
