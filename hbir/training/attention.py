"""Attend with dropout on a CPU, where torch's fast attention knows none."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from hbir.training.dropout import drop

BEYOND_US = ("position_bias", "softcap", "cache", "s_aux")
"""What some architectures hand to an attention, and `attention_with_dropout` does not know."""


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
    special = any(kwargs.get(name) is not None for name in BEYOND_US)
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
