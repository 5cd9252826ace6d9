"""Attend within texts that stand behind one another, on a CPU."""

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import nn
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, sdpa_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from hbir.training.attention import BEYOND_US, attention_with_dropout
from hbir.training.packing import GROUPS, Groups

ATTENTION = "hbir"
"""The name under which `transformers` finds `attention`."""
_ATEN = torch.ops.aten
_KERNEL = "_scaled_dot_product_flash_attention_for_cpu"
_HAS_KERNEL = hasattr(_ATEN, _KERNEL) and hasattr(_ATEN, f"{_KERNEL}_backward")
"""Whether this torch has its attention for a CPU under these private names."""


def attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Attend within padded texts, or within packed ones where their groups are given.

    Args:
        module: the layer.
        query: (b, h, l, d); of packed texts (1, h, t, d).
        key: (b, h, l, d), likewise.
        value: (b, h, l, d), likewise.
        attention_mask: as in `attention_with_dropout`; None for packed texts.
        dropout: probability of dropping a weight of the attention.
        scaling: factor of the scores; None for 1 / √d.
        **kwargs: what an architecture needs beyond that.

    Returns:
        (b, l, h, d), and None for the weights of the attention.

    Raises:
        NotImplementedError: when an architecture needs more of the attention to packed texts than that.
    """
    groups: Groups | None = kwargs.pop(GROUPS, None)
    if groups is None:
        return attention_with_dropout(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    if attention_mask is not None or any(
        kwargs.get(name) is not None for name in (*BEYOND_US, "sliding_window")
    ):
        raise NotImplementedError("a mask, or an attention of another kind, over packed texts")
    if dropout == 0.0 and key.shape == query.shape and _HAS_KERNEL:
        causal = bool(getattr(module, "is_causal", True))
        attended = _Attention.apply(query, key, value, groups, causal, scaling)  # type: ignore[no-untyped-call]
        return cast(torch.Tensor, attended), None
    return _by_group(module, query, key, value, groups, dropout=dropout, scaling=scaling), None


def _by_group(
    module: nn.Module, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, groups: Groups, **how: Any
) -> torch.Tensor:
    """Attend group by group, each of which needs no padding; returns (1, t, h, d)."""
    sizes = [count * length for count, length in groups]
    parts = [torch.split(states[0].transpose(0, 1), sizes) for states in (query, key, value)]
    attended = []
    for (count, length), *states in zip(groups, *parts, strict=True):
        one, other, third = (part.unflatten(0, (count, length)).transpose(1, 2) for part in states)
        attended.append(attention_with_dropout(module, one, other, third, None, **how)[0].flatten(0, 1))
    return torch.cat(attended)[None]


class _Attention(torch.autograd.Function):
    """Attend group by group without dropout, with one node in the graph for all groups.

    The same as `_by_group`, whose nodes for every group and its views made a step of `tiny` 7 % slower.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        groups: Groups,
        causal: bool,
        scaling: float | None,
    ) -> torch.Tensor:
        kernel = getattr(_ATEN, _KERNEL)
        states = zip(*(_heads(part, groups) for part in (query, key, value)), strict=True)
        attended, sums = zip(*(kernel(*part, is_causal=causal, scale=scaling) for part in states), strict=True)
        ctx.save_for_backward(query, key, value, *attended, *sums)
        ctx.groups, ctx.causal, ctx.scaling = groups, causal, scaling
        return torch.cat([part.transpose(1, 2).flatten(0, 1) for part in attended])[None]

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        kernel = getattr(_ATEN, f"{_KERNEL}_backward")
        query, key, value, *kept = ctx.saved_tensors
        attended, sums = kept[: len(ctx.groups)], kept[len(ctx.groups) :]
        parts = (gradients[0].transpose(1, 2), query, key, value)
        states = zip(*(_heads(part, ctx.groups) for part in parts), attended, sums, strict=True)
        found = [kernel(*part, 0.0, ctx.causal, scale=ctx.scaling) for part in states]
        flat = ([part.transpose(1, 2).flatten(0, 1) for part in side] for side in zip(*found, strict=True))
        return *(torch.cat(side).transpose(0, 1)[None] for side in flat), None, None, None


def _heads(states: torch.Tensor, groups: Groups) -> Iterator[torch.Tensor]:
    """View (1, h, t, d) as (n, h, l, d) for each group."""
    _, heads, _, width = states.shape
    _, head_stride, stride, last = states.stride()
    begin = states.storage_offset()
    for count, length in groups:
        shape, strides = (count, heads, length, width), (length * stride, head_stride, stride, last)
        yield states.as_strided(shape, strides, begin)
        begin += count * length * stride


def mask(*args: Any, attention_mask: torch.Tensor | None = None, **kwargs: Any) -> torch.Tensor | None:
    """Make the mask of padded texts; packed ones come without, and need none.

    Args:
        *args: of `sdpa_mask`.
        attention_mask: (b, l), False at padding; None for packed texts.
        **kwargs: of `sdpa_mask`.

    Returns:
        What `sdpa_mask` makes; None for packed texts.
    """
    if attention_mask is None:
        return None
    return cast("torch.Tensor | None", sdpa_mask(*args, attention_mask=attention_mask, **kwargs))


ALL_ATTENTION_FUNCTIONS.register(ATTENTION, attention)
ALL_MASK_ATTENTION_FUNCTIONS.register(ATTENTION, mask)
