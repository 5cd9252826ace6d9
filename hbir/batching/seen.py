"""Tell which steps of a plan the saved models of a sampler were trained on."""

from dataclasses import dataclass
from pathlib import Path

from hbir.batching.plan import Plan
from hbir.batching.summary import language_composition
from hbir.core.errors import PlanError
from hbir.core.training_record import FINAL_MODEL, TRAINING, TrainingRecord, read_training


@dataclass(frozen=True, kw_only=True)
class Models:
    """Name the models that a training on a plan left: the best checkpoint, and the final one."""

    folder: Path
    best: int
    """Steps that the model in the folder saw."""
    final: int
    """Steps that the model in its folder `final` saw, which is there where these are more."""

    def first_with(self, step: int) -> str:
        """Name the first model that saw a step.

        Args:
            step: from 0.

        Returns:
            Its folder; empty where no model saw the step.
        """
        if step < self.best:
            return self.folder.as_posix()
        return (self.folder / FINAL_MODEL).as_posix() if step < self.final else ""


def models_of(plan: Plan, folder: Path) -> Models | None:
    """Find the models that were trained on a plan.

    Args:
        plan: whole.
        folder: the sampler's in `models`.

    Returns:
        Them; None where nothing is trained yet.

    Raises:
        PlanError: when the folder's model was trained on another plan.
    """
    if not (folder / TRAINING).is_file():
        return None
    record = read_training(folder / TRAINING)
    if not _is_of(record, plan):
        raise PlanError(
            where=folder.as_posix(),
            expected=f"a model that was trained on the plan of {plan.sampler} in data/batches",
            found="one of another plan",
            hint=f"Run `dvc repro train_{plan.sampler}`, or `dvc checkout` after going back to its commit.",
        )
    return Models(folder=folder, best=record.best.step, final=record.final.step)


def _is_of(record: TrainingRecord, plan: Plan) -> bool:
    """Compare what the record says of its plan; the count of every pair of languages tells plans apart."""
    said = {"batch_size": plan.batch_size, "steps": plan.steps, "alpha": plan.alpha, "seed": plan.seed}
    same = all(record.params.get(name) == value for name, value in said.items())
    return same and list(record.composition) == language_composition(plan)
