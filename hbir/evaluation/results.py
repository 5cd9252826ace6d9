"""Read what the score stage left of every sampler."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hbir.core.errors import DataError
from hbir.core.files import read_json
from hbir.core.rival_record import Record, read_record
from hbir.core.training_record import TrainingRecord
from hbir.evaluation.summary import SUMMARY, Settings, Summary, read_summary

FINAL_SCORES, CELLS, PREFERENCES, QUERIES = "final.json", "cells.csv", "preferences.csv", "queries.parquet"
TEXT_COLUMNS = ("setting", "query_lang", "passage_lang", "pool")


@dataclass(frozen=True, kw_only=True)
class SamplerResults:
    """Hold the scores of one sampler, or of a rival, and how it came about."""

    sampler: str
    folder: Path
    record: Record
    summaries: dict[str, Summary]
    """By benchmark (its name may hold a slash), of the best checkpoint."""
    final: dict[str, Settings]
    """By benchmark, of the final checkpoint; empty where `evaluate.last_step` is off."""

    @property
    def training(self) -> TrainingRecord | None:
        """Return the story of its training; None where nothing was trained."""
        return self.record if isinstance(self.record, TrainingRecord) else None

    def cells(self, benchmark: str) -> list[dict[str, Any]]:
        """Read the scores per query language and pool.

        Args:
            benchmark: a key of `summaries`.

        Returns:
            One mapping per row of cells.csv; numbers as float, an empty field as None.
        """
        return _rows(self.folder / benchmark / CELLS)

    def preferences(self, benchmark: str) -> list[dict[str, Any]]:
        """Read which languages the queries of a language prefer.

        Args:
            benchmark: a key of `summaries`.

        Returns:
            One mapping per row of preferences.csv; none where there is no such file, as in older scores.
        """
        path = self.folder / benchmark / PREFERENCES
        return _rows(path) if path.exists() else []


def read_results(root: Path, samplers: Sequence[str]) -> list[SamplerResults]:
    """Read the scores of several samplers.

    Args:
        root: the folder that holds one folder per sampler.
        samplers: which of them, in the order of the result; other folders are ignored.

    Returns:
        One entry per sampler.

    Raises:
        DataError: when a file of them is missing, broken, or names a folder elsewhere.
    """
    return [_read(root / sampler, sampler) for sampler in samplers]


def _read(folder: Path, sampler: str) -> SamplerResults:
    record, final = read_record(folder), _final(folder / FINAL_SCORES)
    summaries = {name: read_summary(folder / name / SUMMARY) for name in final}
    return SamplerResults(sampler=sampler, folder=folder, record=record, summaries=summaries, final=final)


def _final(path: Path) -> dict[str, Settings]:
    try:
        final = _FINAL.validate_python(read_json(path))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise _broken(
            path, "scores by benchmark", f"{str(fault['msg']).lower()} at {place or 'the whole'}"
        ) from error
    if outside := [name for name in final if Path(name).is_absolute() or ".." in Path(name).parts]:
        raise _broken(path, "benchmarks whose folders lie beside it", repr(outside[0]))
    return final


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return [_typed(row) for row in csv.DictReader(stream, strict=True)]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise _broken(
            path, "a table of scores, as `score` writes it", " ".join(str(error).split())[:200]
        ) from error


def _broken(path: Path, expected: str, found: str) -> DataError:
    hint = "Delete the folder of these scores and run `dvc repro`, which scores again."
    return DataError(where=str(path), expected=expected, found=found, hint=hint)


_FINAL = TypeAdapter(dict[str, Settings])


def _typed(row: dict[str, str]) -> dict[str, Any]:
    return {
        key: value if key in TEXT_COLUMNS else (float(value) if value else None) for key, value in row.items()
    }
