"""Keep an evaluation in a folder: summary.json, cells.csv for plots and queries.parquet for statistics."""

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa

from hbir.core.errors import DataError
from hbir.core.files import atomic_file, atomic_folder, read_json, read_table, write_json, write_table
from hbir.evaluation.report import Evaluation
from hbir.evaluation.settings import CELLS, QUERIES

SUMMARY_FILE, CELLS_FILE, QUERIES_FILE = "summary.json", "cells.csv", "queries.parquet"
_SUMMARY_KEYS = ("task", "settings", "groups", "counts")


def save(evaluation: Evaluation, folder: Path) -> None:
    """Write an evaluation, the same bytes for the same scores.

    Args:
        evaluation: the scores of one benchmark.
        folder: where to; an older one is replaced when the new one is complete.
    """
    with atomic_folder(folder) as temporary:
        write_json(temporary / SUMMARY_FILE, {key: getattr(evaluation, key) for key in _SUMMARY_KEYS})
        _write_cells(temporary / CELLS_FILE, evaluation.cells)
        write_table(temporary / QUERIES_FILE, evaluation.queries)


def load(folder: Path) -> Evaluation:
    """Read an evaluation.

    Args:
        folder: where `save` put it.

    Returns:
        The evaluation as it was saved, but for measures in `cells`, which have 6 decimals.

    Raises:
        DataError: when a file is missing, truncated, or of another format.
    """
    summary = read_json(folder / SUMMARY_FILE)
    if not isinstance(summary, dict) or set(summary) != set(_SUMMARY_KEYS):
        found = ", ".join(sorted(summary)) if isinstance(summary, dict) else type(summary).__name__
        raise _error(folder / SUMMARY_FILE, f"the keys {', '.join(_SUMMARY_KEYS)}", found)
    cells = _read_cells(folder / CELLS_FILE)
    return Evaluation(**summary, cells=cells, queries=read_table(folder / QUERIES_FILE, QUERIES))


def _write_cells(path: Path, cells: pa.Table) -> None:
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(cells.column_names)
        for row in zip(*cells.to_pydict().values(), strict=True):
            writer.writerow([f"{value:.6f}" if isinstance(value, float) else value for value in row])


def _read_cells(path: Path) -> pa.Table:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream)) or [[]]
        if header != CELLS.names:
            raise _error(path, f"the columns {', '.join(CELLS.names)}", ", ".join(header) or "none")
        columns = list(zip(*rows, strict=True)) or [()] * len(header)
        arrays = [_parsed(column, field.type) for column, field in zip(columns, CELLS, strict=True)]
        return pa.table(arrays, schema=CELLS)
    except (OSError, ValueError) as error:
        raise _error(path, "rows of cells", str(error)) from error


def _parsed(column: tuple[str, ...], kind: Any) -> pa.Array:
    return pa.array([value or None for value in column], pa.string()).cast(kind)


def _error(path: Path, expected: str, found: str) -> DataError:
    return DataError(
        where=str(path),
        expected=expected,
        found=found,
        hint="Delete the folder and run `dvc repro`, which scores again.",
    )
