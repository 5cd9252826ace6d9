"""Run a plan: one optimizer step per planned batch."""

import logging
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

from hbir.batching.plan import Batch, Plan
from hbir.core.errors import TrainingError
from hbir.core.interrupt import Interrupt, interruptible
from hbir.core.training_record import ValidationPoint
from hbir.training.checkpoint import Checkpoints
from hbir.training.checks import FLASH
from hbir.training.faults import compute_faults
from hbir.training.history import History, Window, curve_interval
from hbir.training.objective import embed, info_nce, uses_bf16
from hbir.training.observer import Observer
from hbir.training.optimizer import learning_rate, make_optimizer
from hbir.training.params import TrainParams
from hbir.training.progress import Progress
from hbir.training.texts import PairTexts
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
    """Steps between two points that the observer gets."""
    checkpoint_every: int
    checkpoints: Checkpoints
    observer: Observer
    step: int = 0
    """Steps done."""
    history: History = field(default_factory=History)
    optimizer: torch.optim.Optimizer = field(init=False)
    rate: float = 0.0
    """The learning rate of the last step."""
    live: Window = field(default_factory=Window)
    """The steps since the observer's last point; no output depends on it."""

    def __post_init__(self) -> None:
        """Set up the optimizer and take up a checkpoint, if there is one."""
        self.bf16 = uses_bf16(self.params, self.model.device)
        self.optimizer = make_optimizer(self.model, self.params)
        self.curve_every = curve_interval(self.plan.steps)
        if state := self.checkpoints.load():
            self._restore(state)
            log.info("train %s: resuming after step %d of %d", self.sampler, self.step, self.plan.steps)

    def run(self) -> History:
        """Run the remaining steps.

        Returns:
            The curves; the best model is in the checkpoints, the final one in `model`.

        Raises:
            KeyboardInterrupt: after a signal, with the state saved.
            TrainingError: when a loss is no number, or the memory does not suffice.
        """
        self.history.take_time()
        with interruptible() as interrupt, self._progress() as progress:
            while self.step < self.plan.steps:
                self._stop_if_asked(interrupt)
                batch = self.plan.batch(self.step)
                with compute_faults(f"train {self.sampler}: step {self.step + 1}", self.params):
                    loss = self._train_step(batch)
                    self.step += 1
                    self._record(loss, len(batch.pair_ids))
                    if self._is_due(self.params.validation.every):
                        self._validate()
                if self._is_due(self.checkpoint_every):
                    self._save()
                    self.history.take_time()
                progress.step(loss)
        return self.history

    def _train_step(self, batch: Batch) -> float:
        self.model.train()
        queries = embed(self.model, self.texts.queries(batch), "query", self.bf16)  # (b, d)
        passages = embed(self.model, self.texts.passages(batch), "document", self.bf16)  # (b, d)
        loss = info_nce(queries, passages, self.params.temperature)
        value = self._finite(loss, batch, "loss")
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.params.max_grad_norm)
        self._finite(norm, batch, "gradient")
        self._set_rate(learning_rate(self.params, self.step + 1, self.plan.steps))
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return value

    def _finite(self, number: torch.Tensor, batch: Batch, name: str) -> float:
        value = float(number.detach())
        if not math.isfinite(value):
            pairs = ", ".join(str(pair) for pair in batch.pair_ids)
            raise TrainingError(
                where=f"train {self.sampler}: step {self.step + 1}",
                expected=f"a finite {name}",
                found=f"{value} on the pairs {pairs}",
                hint="Lower the learning rate (train.learning_rate, or that of the sampler in overrides), "
                "or look at these pairs in data/pairs.parquet.",
            )
        return value

    def _set_rate(self, rate: float) -> None:
        self.rate = rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _record(self, loss: float, pairs: int) -> None:
        self.live.add(loss, pairs, self.history.add(loss, pairs))
        if self._is_due(self.curve_every):
            self.history.add_point(self.step, self.rate)
        if self._is_due(self.log_every):
            self.observer.train(self.step, *self._live_point())

    def _live_point(self) -> tuple[float, float, float]:
        loss, speed = self.live.close()
        return loss, self.rate, speed

    def _is_due(self, every: int) -> bool:
        return self.step == self.plan.steps or self.step % every == 0

    def _validate(self) -> None:
        # Flash attention knows no float32.
        losses = validate(self.model, self.validation, bf16=self.params.attention == FLASH)
        point = ValidationPoint(step=self.step, **losses)
        self.history.validation.append(point)
        self.observer.validation(**asdict(point))
        if self.history.best is point:
            self.checkpoints.save_best(self.model, self.step)
        self.history.take_time()

    def _stop_if_asked(self, interrupt: Interrupt) -> None:
        if interrupt.requested:
            self._save()
            log.warning("train %s: stopped after step %d; run it again to resume", self.sampler, self.step)
            raise KeyboardInterrupt

    def _save(self) -> None:
        best = self.history.best.step if self.history.validation else 0
        self.checkpoints.save(self._state(), best)

    def _state(self) -> dict[str, Any]:
        device = self.model.device
        return {
            "step": self.step,
            "model": trained_state(self.model),
            "optimizer": self.optimizer.state_dict(),
            "history": self.history.state(),
            "rng": {
                "cpu": torch.get_rng_state(),
                "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
            },
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        self.model.load_state_dict(self.model.state_dict() | state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history = History.restore(state["history"])
        torch.set_rng_state(state["rng"]["cpu"])
        if state["rng"]["cuda"] is not None:
            torch.cuda.set_rng_state(state["rng"]["cuda"], self.model.device)

    def _progress(self) -> Progress:
        return Progress(f"train {self.sampler}", self.plan.steps, self.step, self.plan.batch_size)
