"""Set up AdamW with warm-up and decay."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler
from transformers import get_scheduler

from hbir.training.params import TrainParams

_SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def make_optimizer(model: nn.Module, params: TrainParams) -> torch.optim.AdamW:
    """Make AdamW that decays matrices and leaves biases and norms alone.

    Args:
        model: whose parameters to train.
        params: the section `train`.

    Returns:
        The optimizer at its peak learning rate.
    """
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": params.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=params.learning_rate, fused=True)


def make_scheduler(optimizer: torch.optim.Optimizer, params: TrainParams, steps: int) -> LRScheduler:
    """Make the schedule of the learning rate.

    Args:
        optimizer: what it steers.
        params: the section `train`.
        steps: of the whole plan.

    Returns:
        The schedule, to be stepped once per batch.
    """
    scheduler: LRScheduler = get_scheduler(
        _SCHEDULES[params.decay],
        optimizer,
        num_warmup_steps=round(params.warmup * steps),
        num_training_steps=steps,
    )
    return scheduler
