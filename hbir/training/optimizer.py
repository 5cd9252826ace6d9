"""Set up AdamW, and its learning rate at every step."""

import math

import torch
from torch import nn

from hbir.training.params import TrainParams


def make_optimizer(model: nn.Module, params: TrainParams) -> torch.optim.AdamW:
    """Make AdamW that decays matrices and leaves biases and norms alone.

    Args:
        model: whose parameters to train.
        params: of one sampler.

    Returns:
        The optimizer at its peak learning rate.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": params.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=params.learning_rate, fused=True)


def learning_rate(params: TrainParams, step: int, steps: int) -> float:
    """Compute the learning rate of one step: it rises to its peak in equal parts, stays for a step, and falls.

    With w steps of warm-up, step k up to w runs at k / w of the peak; no step runs at 0.

    Args:
        params: of one sampler.
        step: the step's number, from 1.
        steps: of the whole plan.

    Returns:
        The rate.
    """
    warm = round(params.warmup * steps)
    if step <= warm:
        return params.learning_rate * (step / warm)
    done = (step - 1 - warm) / (steps - warm)  # in [0, 1)
    if params.decay == "linear":
        # Not 1 - done, which has other last digits.
        return params.learning_rate * ((steps - step + 1) / (steps - warm))
    if params.decay == "cosine":
        return params.learning_rate * (0.5 * (1 + math.cos(math.pi * done)))
    return params.learning_rate
