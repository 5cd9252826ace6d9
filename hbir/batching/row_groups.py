"""Read the rows of a plan from its file, one row group after the other."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hbir.batching.rows import Rows
from hbir.core.errors import DataError
from hbir.core.files import parquet_faults


class RowGroups:
    """Give rows of a plan's file; the last two row groups that were asked for stay in memory."""

    def __init__(self, path: Path, file: pq.ParquetFile, batch_size: int) -> None:
        """Look where the row groups begin.

        Args:
            path: the file, for errors.
            file: the same, open; languages are read as dictionaries.
            batch_size: examples in one step.
        """
        self._path = path
        self._file = file
        self._batch_size = batch_size
        counts = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
        self._starts = np.cumsum([0, *counts])
        self._languages: list[str] = []
        self._held: dict[int, Rows] = {}

    def rows(self, start: int, stop: int) -> Rows:
        """Read some of the rows.

        Args:
            start: the first.
            stop: the one after the last.

        Returns:
            Those.

        Raises:
            DataError: when the file is damaged.
        """
        first, last = np.searchsorted(self._starts, [start, stop - 1], side="right") - 1
        parts = []
        for number in range(int(first), int(last) + 1):
            begin = int(self._starts[number])
            parts.append(self._group(number).part(max(0, start - begin), stop - begin))
        return parts[0] if len(parts) == 1 else Rows.joined(parts)

    def _group(self, number: int) -> Rows:
        if number not in self._held:
            for old in list(self._held)[:-1]:
                del self._held[old]
            self._held[number] = self._read(number)
        return self._held[number]

    def _read(self, number: int) -> Rows:
        with parquet_faults(self._path):
            table = self._file.read_row_group(number, use_threads=False)
            table.validate(full=True)  # arrow takes any bytes for text
        if any(column.null_count for column in table.columns):
            raise damaged(self._path, "a step, a pair and two languages in every row", "a row without")
        start, stop = self._starts[number : number + 2]
        if not np.array_equal(table["step"].to_numpy(), step_column(start, stop, self._batch_size)):
            raise damaged(self._path, f"steps of {self._batch_size}", "steps in another order")
        query_langs, passage_langs = (self._numbers(table[name]) for name in ("query_lang", "passage_lang"))
        return Rows(self._languages, table["pair_id"].to_numpy(), query_langs, passage_langs)

    def _numbers(self, column: pa.ChunkedArray) -> np.ndarray:
        """Number languages in the order in which the file first names them."""
        chunk = column.unify_dictionaries().combine_chunks()
        names = chunk.dictionary.to_pylist()
        self._languages.extend(sorted(set(names) - set(self._languages)))
        numbers = np.array([self._languages.index(name) for name in names], dtype=np.int16)
        column_numbers: np.ndarray = numbers[chunk.indices.to_numpy()]
        return column_numbers


def step_column(start: int, stop: int, batch_size: int) -> np.ndarray:
    """Return the step of some rows of a plan.

    Args:
        start: the first row.
        stop: the one after the last.
        batch_size: rows of one step.

    Returns:
        (stop - start,) int32.
    """
    return (np.arange(start, stop) // batch_size).astype(np.int32)


def damaged(path: Path, expected: str, found: str) -> DataError:
    """Report a file that is no whole plan.

    Args:
        path: the file.
        expected: what it should hold.
        found: what it holds.

    Returns:
        The error.
    """
    hint = "Delete the file and run `dvc repro build_batches`."
    return DataError(where=str(path), expected=expected, found=found, hint=hint)
