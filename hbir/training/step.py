"""Do one step: the gradient of a batch, its clipping, and the update of the weights."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from hbir.core.errors import TrainingError
from hbir.encoding.prompts import Side
from hbir.encoding.ranks import ALONE, Ranks
from hbir.training.caching import cached_backward
from hbir.training.forward import Forward
from hbir.training.objective import backward
from hbir.training.optimizer import learning_rate, make_optimizer
from hbir.training.params import TrainParams
from hbir.training.sharded import sharded_backward
from hbir.training.table import CompactTables


@dataclass(frozen=True)
class Outcome:
    """Hold what one step came to. The numbers stay on the device, since reading them would wait for it."""

    step: int
    """From 1."""
    loss: torch.Tensor
    norm: torch.Tensor
    """Of the gradient, before clipping."""
    rate: float
    """The learning rate."""
    pair_ids: np.ndarray
    """(b,)."""


@dataclass
class Stepper:
    """Train an encoder step by step."""

    forward: Forward
    params: TrainParams
    tables: CompactTables
    steps: int
    """Of the whole plan."""
    ranks: Ranks = ALONE
    """The processes that share a batch."""
    optimizer: torch.optim.Optimizer = field(init=False)

    def __post_init__(self) -> None:
        """Set up the optimizer."""
        self.optimizer = make_optimizer(self.forward.model, self.params)

    def step(self, step: int, rows: Mapping[Side, np.ndarray], pair_ids: np.ndarray) -> Outcome:
        """Do one step.

        Args:
            step: its number, from 1.
            rows: by side, (b,) rows of the pairs.
            pair_ids: (b,) what they are called in a message.

        Returns:
            What it came to.
        """
        model = self.forward.model.train()
        loss = self._backward(rows)
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), self.params.max_grad_norm)
        rate = learning_rate(self.params, step, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=model.device.type != "cpu")
        self.tables.decay(rate)
        return Outcome(step, loss, norm, rate, pair_ids)

    def _backward(self, rows: Mapping[Side, np.ndarray]) -> torch.Tensor:
        caches = self.params.gradient_caching is not None
        if self.ranks.size > 1:
            return sharded_backward(self.forward, rows, self.params.temperature, self.ranks, caches)
        return (cached_backward if caches else backward)(self.forward, rows, self.params.temperature)


def require_finite(outcome: Outcome, name: str) -> None:
    """Make sure that a step was computed with numbers.

    Args:
        outcome: of the step.
        name: of the training, for a message.

    Raises:
        TrainingError: when its loss or gradient is infinite or no number.
    """
    for what, number in (("loss", float(outcome.loss)), ("gradient", float(outcome.norm))):
        if not math.isfinite(number):
            pairs = ", ".join(map(str, dict.fromkeys(outcome.pair_ids.tolist())))
            raise TrainingError(
                where=f"{name}: step {outcome.step}",
                expected=f"a finite {what}",
                found=f"{number} on the pairs {pairs}",
                hint="Lower the learning rate (train.learning_rate, or that of the sampler in overrides), "
                "or look at these pairs in data/pairs.parquet.",
            )
