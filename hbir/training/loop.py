"""Run a plan: one optimizer step per planned batch."""

import logging
import math
from dataclasses import dataclass, field
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from torch.optim.lr_scheduler import LRScheduler
from tqdm import tqdm

from hbir.batching.plan import Batch, Plan
from hbir.core.errors import TrainingError
from hbir.core.interrupt import Interrupt, interruptible
from hbir.core.training_record import ValidationPoint
from hbir.training.attention import FLASH
from hbir.training.checkpoint import Checkpoints
from hbir.training.examples import PairTexts
from hbir.training.forward import embed, uses_bf16
from hbir.training.history import History
from hbir.training.loss import info_nce
from hbir.training.observer import Observer
from hbir.training.optimisation import make_optimizer, make_scheduler
from hbir.training.params import TrainParams
from hbir.training.trainable import trained_state
from hbir.training.validation import Validation, validate

log = logging.getLogger(__name__)


@dataclass
class Loop:
    """Train one encoder on one plan, from its start or from its last checkpoint."""

    sampler: str
    model: SentenceTransformer
    plan: Plan
    texts: PairTexts
    validation: Validation
    params: TrainParams
    log_every: int
    checkpoint_every: int
    checkpoints: Checkpoints
    observer: Observer
    step: int = 0
    """Steps done."""
    history: History = field(default_factory=History)
    optimizer: torch.optim.Optimizer = field(init=False)
    scheduler: LRScheduler = field(init=False)
    rate: float = 0.0
    """The learning rate of the last step."""

    def __post_init__(self) -> None:
        """Set up the optimizer and take up a checkpoint, if there is one."""
        self.bf16 = uses_bf16(self.params, self.model.device)
        self.optimizer = make_optimizer(self.model, self.params)
        self.scheduler = make_scheduler(self.optimizer, self.params, self.plan.steps)
        if state := self.checkpoints.load():
            self._restore(state)
            log.info("train %s: resuming after step %d of %d", self.sampler, self.step, self.plan.steps)

    def run(self) -> History:
        """Run the remaining steps.

        Returns:
            The curves; the best model is in the checkpoints, the final one in `model`.

        Raises:
            KeyboardInterrupt: after a signal, with the state saved.
        """
        self.history.start()
        with interruptible() as interrupt, self._progress() as bar:
            while self.step < self.plan.steps:
                self._stop_if_asked(interrupt)
                batch = self.plan.batch(self.step)
                loss = self._train_step(batch)
                self.step += 1
                self.history.add(loss, len(batch.pair_ids))
                self._after_step(bar)
        return self.history

    def _train_step(self, batch: Batch) -> float:
        self.model.train()
        queries = embed(self.model, self.texts.queries(batch), "query", self.bf16)  # (b, d)
        passages = embed(self.model, self.texts.passages(batch), "document", self.bf16)  # (b, d)
        loss = info_nce(queries, passages, self.params.temperature)
        value = self._checked(loss, batch, "loss")
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.params.max_grad_norm)
        self._checked(norm, batch, "gradient")
        self.rate = float(self.scheduler.get_last_lr()[0])
        self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad(set_to_none=True)
        return value

    def _checked(self, number: torch.Tensor, batch: Batch, name: str) -> float:
        value = float(number.detach())
        if not math.isfinite(value):
            pairs = ", ".join(str(pair) for pair in batch.pair_ids)
            raise TrainingError(
                where=f"train {self.sampler}: step {self.step + 1}",
                expected=f"a finite {name}",
                found=f"{value} on the pairs {pairs}",
                hint=f"Lower train.learning_rate or overrides.{self.sampler}.learning_rate, "
                "or look at these pairs in data/pairs.parquet.",
            )
        return value

    def _after_step(self, bar: "tqdm[Any]") -> None:
        bar.update()
        last = self.step == self.plan.steps
        if last or self.step % self.log_every == 0:
            self._log_point(bar)
        if last or self.step % self.params.validation.every == 0:
            self._validate()
        if self.step % self.checkpoint_every == 0 and not last:
            self._save()

    def _log_point(self, bar: "tqdm[Any]") -> None:
        loss, speed = self.history.point(self.step, self.rate)
        self.observer.train(self.step, loss, self.rate, speed)
        bar.set_postfix_str(f"loss {loss:.3f}, {speed:.0f} pairs/s")

    def _validate(self) -> None:
        # Flash attention knows no float32.
        losses = validate(self.model, self.validation, bf16=self.params.attention == FLASH)
        point = ValidationPoint(step=self.step, **losses)
        self.history.validation.append(point)
        self.observer.validation(self.step, **losses)
        if self.history.best is point:
            self.checkpoints.save_best(self.model, self.step)
        self.history.lap()

    def _stop_if_asked(self, interrupt: Interrupt) -> None:
        if interrupt.requested:
            self._save()
            log.warning("train %s: stopped after step %d; run it again to resume", self.sampler, self.step)
            raise KeyboardInterrupt

    def _save(self) -> None:
        best = self.history.best.step if self.history.validation else 0
        self.checkpoints.save(self._state(), best)

    def _state(self) -> dict[str, Any]:
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        return {
            "step": self.step,
            "model": trained_state(self.model),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "history": self.history.state(),
            "rng": {"cpu": torch.get_rng_state(), "cuda": cuda},
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        self.model.load_state_dict(self.model.state_dict() | state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.history = History.restore(state["history"])
        torch.set_rng_state(state["rng"]["cpu"])
        if state["rng"]["cuda"]:
            torch.cuda.set_rng_state_all(state["rng"]["cuda"])

    def _progress(self) -> "tqdm[Any]":
        return tqdm(
            total=self.plan.steps, initial=self.step, desc=f"train {self.sampler}", unit="step", disable=None
        )
