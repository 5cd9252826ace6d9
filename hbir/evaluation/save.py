"""Keep an evaluation in a folder: summary.json, tables for plots, and queries.parquet for statistics."""

import csv
from pathlib import Path

import pyarrow as pa

from hbir.core.files import atomic_file, atomic_folder, write_table
from hbir.evaluation.evaluate import Evaluation
from hbir.evaluation.results import CELLS, PREFERENCES, QUERIES
from hbir.evaluation.summary import SUMMARY, write_summary


def save(evaluation: Evaluation, folder: Path) -> None:
    """Write an evaluation, the same bytes for the same scores.

    Args:
        evaluation: the scores of one benchmark.
        folder: where to; an older one is replaced when the new one is complete.
    """
    with atomic_folder(folder) as temporary:
        write_summary(temporary / SUMMARY, evaluation)
        write_csv(temporary / CELLS, evaluation.cells)
        if evaluation.preferences is not None:
            write_csv(temporary / PREFERENCES, evaluation.preferences)
        write_table(temporary / QUERIES, evaluation.queries)


def write_csv(path: Path, table: pa.Table) -> None:
    """Write a table of scores as CSV, the same bytes for the same scores.

    Args:
        path: the file.
        table: with columns of texts and numbers.
    """
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(table.column_names)
        for row in zip(*table.to_pydict().values(), strict=True):
            writer.writerow([f"{value:.6f}" if isinstance(value, float) else value for value in row])
