"""Cut a batch into chunks: of texts of about one length, or of so many tokens where nothing is padded."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

_SPEED = {"cpu": 1e11, "cuda": 2e14}
"""Assumed floating-point operations per second; only their size matters."""
_LAYER_SECONDS = {"cpu": 3e-3, "cuda": 5e-4}
"""Assumed time of one layer, forward and backward, that does not depend on the tokens. On two CPU cores a step
of `tiny` took 112, 102 and 92 ms at 0.6, 1.5 and 3 ms."""
_DEFAULT = "cuda"
_LONGEST = {"cpu": 8192, "cuda": 1 << 16}
"""Tokens in a chunk, padding included: beyond that a larger chunk gains nothing and only takes memory. On two
CPU cores `tiny` did 1.13 and 1.20 times the padded steps at 4,096 and 8,192 tokens without padding, and
multilingual-e5-small 1.25 and 1.20 times."""


@dataclass(frozen=True)
class ChunkCost:
    """Weigh padding against chunks.

    A model of the cost and not a measurement, for chunks must not change from run to run.
    """

    overhead: float
    """What one more chunk costs, in tokens."""
    longest: int
    """The most tokens in a chunk, padding included; a text alone may have more."""


def chunk_cost(model: nn.Module, device: torch.device, longest: int | None = None) -> ChunkCost:
    """Estimate what a chunk costs.

    Args:
        model: the encoder.
        device: where it runs.
        longest: the most tokens in a chunk; None for the device's own.

    Returns:
        The weights of `cut`.
    """
    kind = device.type if device.type in _SPEED else _DEFAULT
    matrices = [part.weight.numel() for part in model.modules() if isinstance(part, nn.Linear)]
    layers = max(1, len(matrices) / 6)  # six matrices in a layer, as a rule
    token_seconds = 6 * sum(matrices, start=1) / _SPEED[kind]
    return ChunkCost(layers * _LAYER_SECONDS[kind] / token_seconds, longest or _LONGEST[kind])


def cut(lengths: np.ndarray, cost: ChunkCost) -> list[np.ndarray]:
    """Cut texts into chunks of the lowest cost: padded tokens, and an overhead for every chunk.

    Args:
        lengths: (n,) tokens of each text.
        cost: the weights.

    Returns:
        The places of each chunk's texts, shortest first; each text in one chunk.
    """
    order = np.argsort(lengths, kind="stable")
    sizes = np.maximum(lengths[order], 1)
    best = np.zeros(len(order) + 1)  # of the first i texts
    start = np.zeros(len(order) + 1, dtype=np.int64)
    for end in range(1, len(order) + 1):
        # Chunks (begin, end] that are not too long; one text always fits.
        first = max(0, end - max(1, int(cost.longest // sizes[end - 1])))
        costs = best[first:end] + np.arange(end - first, 0, -1) * sizes[end - 1] + cost.overhead
        start[end] = first + int(np.argmin(costs))
        best[end] = costs[start[end] - first]
    chunks: list[np.ndarray] = []
    end = len(order)
    while end > 0:
        chunks.append(order[start[end] : end])
        end = int(start[end])
    return chunks[::-1]


def fill(lengths: np.ndarray, longest: int) -> list[np.ndarray]:
    """Cut texts that are not padded into chunks as full as may be.

    Args:
        lengths: (n,) tokens of each text.
        longest: the most tokens in a chunk; a text alone may have more.

    Returns:
        The places of each chunk's texts, shortest first; each text in one chunk.
    """
    order = np.argsort(lengths, kind="stable")
    ends = np.cumsum(lengths[order])
    chunks: list[np.ndarray] = []
    begin = 0
    while begin < len(order):
        done = ends[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, done + longest, side="right")))
        chunks.append(order[begin:end])
        begin = end
    return chunks
