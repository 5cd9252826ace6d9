"""Multiply matrices and look up tables on a CPU, and add to their gradients in place."""

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F

WIDE = 1 << 17
"""Weights of a matrix from which on oneDNN and bfloat16 gain more than they cost: 384 x 384 has more."""
HAS_PRODUCT = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")
"""Whether this torch has oneDNN's product, under its private name."""


class Linear(nn.Linear):
    """Multiply by oneDNN, and add to the gradient in place.

    In a step of multilingual-e5-small the products of MKL ran at 136 GFLOP/s and those of oneDNN at 160, on two
    cores of an AMD EPYC. Small matrices stay as they are: there oneDNN takes longer to set up than to compute.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Multiply.

        Args:
            input: (…, k).

        Returns:
            (…, n).
        """
        if input.dtype != torch.float32 or torch.is_autocast_enabled("cpu") or not torch.is_grad_enabled():
            return super().forward(input)
        return cast(torch.Tensor, _Product.apply(input, self.weight, self.bias))  # type: ignore[no-untyped-call]


class TokenEmbedding(nn.Embedding):
    """Look up rows of a table, and add to the gradient of those rows alone.

    torch makes a gradient as large as the table for every call, fills it with zeros and adds it to the last
    one: a ninth of a training step of multilingual-e5-small, whose table has 250,037 rows.
    """

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """Look up rows.

        Args:
            input: (…) ids.

        Returns:
            (…, d) rows.
        """
        if not (self.weight.requires_grad and torch.is_grad_enabled()):
            return super().forward(input)
        rows = _Lookup.apply(input, self.weight, self.padding_idx)  # type: ignore[no-untyped-call]
        return cast(torch.Tensor, rows)


def _product(left: torch.Tensor, right: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """Return left · rightᵀ + bias, which torch has under a private name."""
    return cast(torch.Tensor, torch.ops.mkldnn._linear_pointwise(left, right, bias, "none", [], ""))


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        rows = values.reshape(-1, values.shape[-1])
        ctx.save_for_backward(rows)
        ctx.weight, ctx.bias = weight, bias
        return _product(rows, weight, bias).view(*values.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, None, None]:
        (rows,) = ctx.saved_tensors
        gradient = gradients[0].reshape(-1, gradients[0].shape[-1])
        if ctx.weight.requires_grad:
            _gradient_of(ctx.weight).addmm_(gradient.t(), rows)
        if ctx.bias is not None and ctx.bias.requires_grad:
            _gradient_of(ctx.bias).add_(gradient.sum(0))
        if not ctx.needs_input_grad[0]:
            return None, None, None
        return _product(gradient, ctx.weight.t()).view(*gradients[0].shape[:-1], -1), None, None


def _gradient_of(weight: torch.Tensor) -> torch.Tensor:
    if weight.grad is None:
        weight.grad = torch.zeros_like(weight)
    return weight.grad


class _Lookup(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, ids: torch.Tensor, weight: torch.Tensor, padding: int | None) -> torch.Tensor:
        ctx.ids, ctx.weight, ctx.padding = ids, weight, padding
        return F.embedding(ids, weight)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[None, None, None]:
        rows, places = torch.unique(ctx.ids, return_inverse=True)
        padded = [] if ctx.padding is None else torch.nonzero(rows == ctx.padding).flatten().tolist()
        padding = padded[0] if padded else -1
        summed = torch.ops.aten.embedding_dense_backward(gradients[0], places, len(rows), padding, False)
        _gradient_of(ctx.weight)[rows] += summed
        return None, None, None
