"""Run a plan: one optimizer step per planned batch."""

import logging
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from sentence_transformers import SentenceTransformer

from hbir.batching.plan import Plan
from hbir.core.interrupt import Interrupt, Stopped, interruptible
from hbir.core.training_record import ValidationPoint
from hbir.encoding.ranks import ALONE, Ranks
from hbir.training.caching import RandomState, random_state, set_random_state
from hbir.training.checkpoint import Checkpoints
from hbir.training.checks import FLASH
from hbir.training.faults import compute_faults
from hbir.training.forward import Forward
from hbir.training.history import History, Window, curve_interval
from hbir.training.observer import Observer
from hbir.training.pace import Pace
from hbir.training.params import TrainParams
from hbir.training.progress import Progress
from hbir.training.step import Outcome, Stepper, require_finite
from hbir.training.table import CompactTables
from hbir.training.texts import PairTexts
from hbir.training.trainable import trained_state
from hbir.training.validation import Validation, validate

log = logging.getLogger(__name__)


@dataclass
class Loop:
    """Train one encoder on one plan, from its start or from its last checkpoint."""

    sampler: str
    model: SentenceTransformer
    forward: Forward
    tables: CompactTables
    plan: Plan
    texts: PairTexts
    validation: Validation
    params: TrainParams
    log_every: int
    """Steps between two points that the observer gets."""
    checkpoint_every: int
    checkpoints: Checkpoints
    observer: Observer
    ranks: Ranks = ALONE
    """The processes that share every batch; the first one alone writes."""
    step: int = 0
    """Steps done."""
    history: History = field(default_factory=History)
    stepper: Stepper = field(init=False)
    pace: Pace = field(init=False)
    outcomes: list[Outcome] = field(default_factory=list)
    """Steps whose loss was not read yet."""
    rate: float = 0.0
    """The learning rate of the last step."""
    live: Window = field(default_factory=Window)
    """The steps since the observer's last point; no output depends on it."""

    def __post_init__(self) -> None:
        """Set up the optimizer and take up a checkpoint, if there is one."""
        self.stepper = Stepper(self.forward, self.params, self.tables, self.plan.steps, self.ranks)
        self.curve_every = curve_interval(self.plan.steps)
        if state := self.ranks.spread(self.checkpoints.load() if self.ranks.is_first else None):
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
        self.pace = Pace(f"train {self.sampler}", self.params.validation.every, self.step)
        with interruptible() as interrupt, self._progress() as progress:
            while self.step < self.plan.steps:
                self._stop_if_asked(interrupt)
                with compute_faults(f"train {self.sampler}: step {self.step + 1}", self.params):
                    self._do_step()
                    if self._is_due(self.params.validation.every):
                        self._validate()
                if self._is_due(self.checkpoint_every):
                    self._save()
                    self.history.take_time()
                progress.step(self.live.last)
        return self.history

    def _do_step(self) -> None:
        batch = self.plan.batch(self.step)
        self.step += 1
        outcome = self.stepper.step(self.step, self.texts.rows(batch), batch.pair_ids)
        self.rate = outcome.rate
        self.outcomes.append(outcome)
        if self._must_read():
            self._read()

    def _must_read(self) -> bool:
        """Tell whether the losses are read now; on a GPU each reading waits for all that was asked of it."""
        if self.model.device.type == "cpu":
            return True
        return any(self._is_due(every) for every in self._intervals)

    @property
    def _intervals(self) -> tuple[int, ...]:
        return self.curve_every, self.log_every, self.checkpoint_every, self.params.validation.every

    def _read(self) -> None:
        if not self.outcomes:
            return
        for outcome in self.outcomes:
            require_finite(outcome, f"train {self.sampler}")
            loss, pairs = float(outcome.loss), len(outcome.pair_ids)
            self.live.add(loss, pairs, self.history.add(loss, pairs))
        self.outcomes.clear()
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
        self.pace.begin_validation(self.step)
        # Flash attention knows no float32.
        forward = replace(self.forward, bf16=self.params.attention == FLASH)
        losses = validate(forward, self.validation, self.ranks)
        point = ValidationPoint(step=self.step, **losses)
        self.history.validation.append(point)
        self.observer.validation(**asdict(point))
        if self.history.best is point and self.ranks.is_first:
            with self.tables.expanded():
                self.checkpoints.save_best(self.model, self.step)
        self.pace.end_validation(self.step, -(-(self.plan.steps - self.step) // self.params.validation.every))
        self.history.take_time()

    def _stop_if_asked(self, interrupt: Interrupt) -> None:
        if self.ranks.largest(interrupt.requested):  # one is asked, all stop
            self._read()
            self._save()
            self.ranks.wait()
            log.warning("train %s: stopped after step %d; run it again to resume", self.sampler, self.step)
            raise Stopped(interrupt.number, is_said=True)

    def _save(self) -> None:
        self._require_same_weights()
        random_states = self.ranks.gather(random_state(self.model.device))
        if self.ranks.is_first:
            best = self.history.best.step if self.history.validation else 0
            self.checkpoints.save(self._state(random_states), best)

    def _require_same_weights(self) -> None:
        """Make sure that all processes trained the same weights, or a broken device would not be seen."""
        if self.ranks.size > 1:
            sums = torch.stack([weight.detach().double().sum() for weight in self.model.parameters()])
            self.ranks.require_same(
                {"the weights": sums.tolist()},
                f"train {self.sampler}: step {self.step}",
                "Check the devices and their drivers; the last state is as it was.",
            )

    def _state(self, random_states: list[RandomState]) -> dict[str, Any]:
        return {
            "step": self.step,
            "model": trained_state(self.model),
            "tables": self.tables.state(),
            "optimizer": self.stepper.optimizer.state_dict(),
            "history": self.history.state(),
            "rng": random_states,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        self.model.load_state_dict(self.model.state_dict() | state["model"])
        self.tables.restore(state["tables"])
        self.stepper.optimizer.load_state_dict(state["optimizer"])
        self.history = History.restore(state["history"])
        if self.ranks.place.rank < len(state["rng"]):  # else the training goes on with more processes
            set_random_state(self.model.device, state["rng"][self.ranks.place.rank])

    def _progress(self) -> Progress:
        return Progress(
            f"train {self.sampler}", self.plan.steps, self.step, self.plan.batch_size, self.ranks.is_first
        )
