"""Do faster what torch does slowly on a CPU: dropout, attention with dropout, products, gradients of tables."""

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F
from transformers import PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, sdpa_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

ATTENTION = "hbir_dropout"
"""The name under which `transformers` finds `attention_with_dropout`."""
_STEPS = 1 << 16
"""Probabilities are multiples of 1 / 65,536."""
WIDE = 1 << 17
"""Weights of a matrix from which on oneDNN and bfloat16 gain more than they cost: 384 x 384 has more."""
_HAS_PRODUCT = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")
_BEYOND_US = ("position_bias", "softcap", "cache", "s_aux")
"""What some architectures hand to an attention, and `attention_with_dropout` does not know."""


def speed_up(model: nn.Module) -> None:
    """Replace what is slow on a CPU by what computes the same.

    Args:
        model: the encoder, changed in place; on a CPU, since a GPU has better ways.
    """
    for part in list(model.modules()):
        for name, child in list(part.named_children()):
            if type(child) is nn.Dropout and child.p > 0:
                setattr(part, name, Dropout(child.p).train(child.training))
    for part in model.modules():
        if type(part) is nn.Embedding and part.max_norm is None and not part.sparse:
            part.__class__ = TokenEmbedding
        if type(part) is nn.Linear and part.weight.numel() >= WIDE and _HAS_PRODUCT:
            part.__class__ = Linear
        if isinstance(part, PreTrainedModel) and part.config._attn_implementation == "sdpa":
            part.set_attn_implementation(ATTENTION)


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


def attention_with_dropout(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Attend as `sdpa` does. Without dropout it is `sdpa`, whose kernel for a CPU knows no dropout.

    Args:
        module: the layer.
        query: (b, h, l, d).
        key: (b, h, l, d).
        value: (b, h, l, d).
        attention_mask: (b, 1, 1 or l, l) booleans, False where nothing is looked at, or numbers to add, or
            None.
        dropout: probability of dropping a weight of the attention.
        scaling: factor of the scores; None for 1 / √d.
        **kwargs: what an architecture needs beyond that; then it is left to `sdpa`.

    Returns:
        (b, l, h, d), and None for the weights of the attention.
    """
    special = any(kwargs.get(name) is not None for name in _BEYOND_US)
    if dropout == 0.0 or special or key.shape != query.shape or getattr(module, "is_causal", True):
        attended, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
        return attended, None
    scores = torch.matmul(query * (scaling or query.shape[-1] ** -0.5), key.transpose(-1, -2))
    if attention_mask is not None and attention_mask.dtype == torch.bool:
        scores = scores.masked_fill_(~attention_mask, float("-inf"))
    elif attention_mask is not None:
        scores = scores + attention_mask
    weights = drop(F.softmax(scores, dim=-1), dropout)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), None


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


ALL_ATTENTION_FUNCTIONS.register(ATTENTION, attention_with_dropout)
ALL_MASK_ATTENTION_FUNCTIONS.register(ATTENTION, sdpa_mask)
