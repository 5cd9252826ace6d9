"""Decide on the precision of the forward pass."""

import torch
from torch import nn

from hbir.encoding.precision import has_fast_bf16
from hbir.training.params import TrainParams
from hbir.training.products import WIDE


def uses_bf16(params: TrainParams, model: nn.Module) -> bool:
    """Decide on the precision of the forward pass.

    Args:
        params: of one sampler.
        model: the encoder, on its device.

    Returns:
        True for bfloat16. `auto` takes it where it is faster: on a GPU that has it, and on a CPU with
        instructions for it, where the encoder's matrices are not small. Without the instructions a CPU emulates
        it, slowly.
    """
    if params.precision != "auto":
        return params.precision == "bf16"
    device = next(model.parameters()).device
    if device.type == "cpu":
        return bool(has_fast_bf16()) and _is_wide(model)
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


def _is_wide(model: nn.Module) -> bool:
    sizes = sorted(part.weight.numel() for part in model.modules() if isinstance(part, nn.Linear))
    return bool(sizes) and sizes[len(sizes) // 2] >= WIDE
