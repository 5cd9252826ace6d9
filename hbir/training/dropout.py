"""Drop values at random on a CPU, eight times as fast as torch."""

from typing import Any, cast

import torch
from torch import nn

_STEPS = 1 << 16
"""Probabilities are multiples of 1 / 65,536."""


def drop(values: torch.Tensor, probability: float) -> torch.Tensor:
    """Drop values at random and scale the rest up, as `torch.dropout` does.

    torch draws one number per value, on a CPU at about 110 million a second: a ninth of a training step of
    multilingual-e5-small. Four 16-bit numbers out of every 64-bit one are eight times as fast. The probability
    is rounded to 1 / 65,536, and the scale is exact for the rounded one.

    Args:
        values: of any shape.
        probability: of dropping one.

    Returns:
        The same shape; random numbers come from torch's generator.
    """
    dropped = round(probability * _STEPS)
    if dropped == 0:
        return values
    kept = keep(values.shape, dropped)
    scaled = _Dropped.apply(values, kept, _STEPS / (_STEPS - dropped))  # type: ignore[no-untyped-call]
    return cast(torch.Tensor, scaled)


class Dropout(nn.Module):
    """Stand in for `nn.Dropout`; see `drop`."""

    def __init__(self, p: float) -> None:
        """Set the probability.

        Args:
            p: of dropping a value; the name of `nn.Dropout`, which attentions read.
        """
        super().__init__()
        self.p = p

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Drop values while training.

        Args:
            values: of any shape.

        Returns:
            The same shape.
        """
        return drop(values, self.p) if self.training else values


def keep(shape: torch.Size, dropped: int) -> torch.Tensor:
    """Draw which values stay.

    Args:
        shape: of the values.
        dropped: how many of 65,536 go.

    Returns:
        Booleans of that shape.
    """
    count = shape.numel()
    words = torch.empty((count + 3) // 4, dtype=torch.int64).random_(-(1 << 63), None)
    return (words.view(torch.int16)[:count] >= dropped - _STEPS // 2).view(shape)


class _Dropped(torch.autograd.Function):
    """Multiply by a mask and a scale; only the mask is kept, one byte per value."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, kept: torch.Tensor, scale: float) -> torch.Tensor:
        ctx.save_for_backward(kept)
        ctx.scale = scale
        return _scaled(values, kept, scale)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (kept,) = ctx.saved_tensors
        return _scaled(gradients[0], kept, ctx.scale), None, None


def _scaled(values: torch.Tensor, kept: torch.Tensor, scale: float) -> torch.Tensor:
    # A product with booleans is eight times slower than one with numbers.
    return kept.to(values.dtype).mul_(scale).mul_(values)
