"""Hold what rival.json says of a row that nothing trained, and read and write it in one place."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hbir.core.errors import DataError
from hbir.core.files import read_json, write_json
from hbir.core.hashing import digest
from hbir.core.training_record import TRAINING, TrainingRecord, read_training

RIVAL = "rival.json"
"""The record's file, beside the scores and in the folder of a model that was made for them."""


@dataclass(frozen=True, kw_only=True)
class RivalRecord:
    """Say what was scored, where nothing was trained for it."""

    sampler: str
    """Name of the row."""
    fingerprint: str
    """A hash of everything that decides what it ranks first."""
    params: dict[str, Any]
    """Flat names and plain values."""
    note: str = ""
    """A sentence that only this row needs."""
    unscored: list[str] = field(default_factory=list)
    """Benchmarks that it cannot be scored on, for their passages are not held in memory."""


Record = TrainingRecord | RivalRecord


def write_rival(path: Path, record: RivalRecord) -> None:
    """Write a record, the same bytes for the same record.

    Args:
        path: the file to write.
        record: what to write.
    """
    write_json(path, asdict(record))


def merged_record(name: str, weight: float, parts: Sequence[TrainingRecord]) -> RivalRecord:
    """Describe the average of trained models.

    Args:
        name: of the row.
        weight: the share of the first one.
        parts: the trainings of both.

    Returns:
        Its record, with the params that their trainings share.
    """
    one, other = parts
    shared = {key: value for key, value in one.params.items() if other.params.get(key, ...) == value}
    prints = [weight, one.fingerprint, other.fingerprint]
    return RivalRecord(
        sampler=name, fingerprint=digest(json.dumps(prints)), params=shared | {"merged.weight": weight}
    )


def has_record(folder: Path) -> bool:
    """Tell whether a folder says what it is of.

    Args:
        folder: of scores, or of a model.

    Returns:
        Whether it holds a training.json or a rival.json.
    """
    return any((folder / name).is_file() for name in (TRAINING, RIVAL))


def read_record(folder: Path) -> Record:
    """Read what a folder of scores, or of a model, is of.

    Args:
        folder: with a training.json, or a rival.json.

    Returns:
        The record of a training; of a rival where there is one.

    Raises:
        DataError: when there is neither, or it is no such record.
    """
    path = folder / RIVAL
    if not path.is_file():
        return read_training(folder / TRAINING)
    try:
        record: RivalRecord = TypeAdapter(RivalRecord).validate_python(read_json(path))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise DataError(
            where=str(path),
            expected="the record of a rival",
            found=f"{fault['msg'].lower()} at {'.'.join(map(str, fault['loc'])) or 'the whole'}",
            hint="Delete the folder and run `dvc repro`, which makes it again.",
        ) from error
    return record
