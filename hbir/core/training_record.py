"""Hold what training.json says of a training, and read and write it in one place."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from hbir.core.errors import DataError
from hbir.core.files import read_json, write_json

TRAINING = "training.json"
"""The record's file, in the model's folder and again beside its scores."""
FINAL_MODEL = "final"
"""The folder of the last checkpoint within a model's, where another is the best."""
CurveName = Literal["train", "validation"]
CURVES: tuple[CurveName, CurveName] = ("train", "validation")


@dataclass(frozen=True, kw_only=True)
class TrainPoint:
    """Hold one point of the training curve."""

    step: int
    """Steps done."""
    loss: float
    """The mean since the last point."""
    learning_rate: float
    """Of the last step."""


@dataclass(frozen=True, kw_only=True)
class ValidationPoint:
    """Hold one validation."""

    step: int
    """Steps done."""
    loss: float
    """What chooses the best checkpoint."""
    monolingual: float
    cross_lingual: float | None
    """None where there is only one language."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Hold the losses over the steps."""

    train: tuple[TrainPoint, ...]
    validation: tuple[ValidationPoint, ...]

    def points(self, name: CurveName) -> Sequence[TrainPoint | ValidationPoint]:
        """Return one of the two curves.

        Args:
            name: train or validation.

        Returns:
            Its points by step.
        """
        return self.train if name == "train" else self.validation


@dataclass(frozen=True, kw_only=True)
class LanguageCount:
    """Count the examples of one ordered pair of languages."""

    query_lang: str
    passage_lang: str
    count: int


@dataclass(frozen=True, kw_only=True)
class TrainingRecord:
    """Say what was trained on what, and how it went."""

    sampler: str
    fingerprint: str
    """A hash of everything that decides the outcome."""
    params: dict[str, Any]
    """Flat names and plain values."""
    best: ValidationPoint
    """Of the saved model, the checkpoint of lowest validation loss."""
    final: ValidationPoint
    """After the last step."""
    curve: Curve
    composition: tuple[LanguageCount, ...]
    """What the batches are made of, by ordered pair of languages."""


def write_training(path: Path, record: TrainingRecord) -> None:
    """Write a record, the same bytes for the same record.

    Args:
        path: the file to write.
        record: what to write.
    """
    write_json(path, asdict(record))


def read_training(path: Path) -> TrainingRecord:
    """Read a record.

    Args:
        path: a training.json.

    Returns:
        It; keys of a newer version of hbir are left out.

    Raises:
        DataError: when the file is missing, or is no such record.
    """
    return training_of(read_json(path), str(path))


def training_of(value: Any, where: str) -> TrainingRecord:
    """Check the content of a training.json that is not a file of this folder.

    Args:
        value: what was read.
        where: what to call it in a message.

    Returns:
        The record.

    Raises:
        DataError: when it is no such record.
    """
    try:
        record: TrainingRecord = TypeAdapter(TrainingRecord).validate_python(value)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        key = ".".join(map(str, fault["loc"])) or "the whole"
        raise DataError(
            where=where,
            expected="the record of a training",
            found=f"{fault['msg'].lower()} at {key}",
            hint="Run `dvc repro`, which trains and records again.",
        ) from error
    return record
