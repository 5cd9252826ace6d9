"""Give texts of rows of a file: piece by piece, or mapped into memory."""

import logging
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from hbir.core.disk_faults import write_faults
from hbir.core.files import atomic_file, parquet_faults
from hbir.core.tables import StoredTable
from hbir.core.text_chunks import Chunks, by_piece, write_chunks

log = logging.getLogger(__name__)
SIDES = ("query", "passage")


class TextStore(Protocol):
    """Give the texts of rows."""

    def take(self, column: str, rows: np.ndarray) -> list[str]:
        """Look texts up.

        Args:
            column: `query` or `passage`.
            rows: (k,) any, in any order.

        Returns:
            (k,) texts.
        """
        ...

    def part(self, column: str, start: int, stop: int) -> list[str]:
        """Return the texts of rows that follow each other.

        Args:
            column: `query` or `passage`.
            start: the first row.
            stop: the one after the last.

        Returns:
            (stop - start,) texts.
        """
        ...


class Groups:
    """Give texts of a Parquet file; the last row group that was asked for stays in memory.

    Fast for rows that follow each other, and for a few others.
    """

    def __init__(self, path: Path, file: pq.ParquetFile) -> None:
        """Look where the row groups begin.

        Args:
            path: the file, for errors.
            file: the same, open.
        """
        self._path, self._file = path, file
        counts = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
        self._starts = np.cumsum([0, *counts])
        self._held: tuple[int, str, Chunks] | None = None

    def take(self, column: str, rows: np.ndarray) -> list[str]:
        """Look a few texts up.

        Args:
            column: `query` or `passage`.
            rows: (k,) any.

        Returns:
            (k,) texts.
        """
        return by_piece(
            self._starts, rows, lambda number, places: self._group(column, number).take(column, places)
        )

    def part(self, column: str, start: int, stop: int) -> list[str]:
        """Return the texts of rows that follow each other.

        Args:
            column: `query` or `passage`.
            start: the first row.
            stop: the one after the last.

        Returns:
            (stop - start,) texts.
        """
        return self.take(column, np.arange(start, stop))

    def _group(self, column: str, number: int) -> Chunks:
        if self._held is None or self._held[:2] != (number, column):
            self._held = None  # makes room for the next
            with parquet_faults(self._path):
                table = self._file.read_row_group(number, columns=[column], use_threads=False)
            self._held = number, column, Chunks({column: table[column]})
        return self._held[2]


def mapped(pairs: StoredTable, folder: Path) -> Chunks:
    """Map the texts of a file into memory, which all processes of a machine then share.

    Args:
        pairs: with the columns `query` and `passage`.
        folder: where the texts lie uncompressed; its name stands for the file's bytes.

    Returns:
        The texts.

    Raises:
        DataError: when the disk is full, or the file cannot be written.
    """
    path = folder / "texts.arrow"
    with write_faults(path):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "texts.lock"):
            if not path.is_file():
                _write(path, pairs)
    return Chunks.mapped(path)


def _write(path: Path, pairs: StoredTable) -> None:
    schema = pa.schema([pairs.schema.field(name) for name in SIDES])
    size = sum(
        pairs.file.metadata.row_group(number).column(place).total_uncompressed_size
        for number in range(pairs.file.num_row_groups)
        for place in map(pairs.schema.get_field_index, SIDES)
    )
    log.info("writing %.1f GB of texts to %s, where every training of them finds them", size / 1e9, path)
    with atomic_file(path) as file:
        write_chunks(file, schema, pairs.pieces(SIDES))
