"""Read and write tables of texts piece by piece, so that their size is bounded by the disk alone.

A column of type `string` has 32-bit offsets: 2 GiB of text in one array. All files keep that type, because a
file is read in pieces and no piece is as long. Nothing may join the pieces of a whole file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hbir.core.files import atomic_file, open_parquet, parquet_faults
from hbir.core.seen import Seen

GROUP_ROWS = 1 << 16
"""Rows of a row group at most."""
GROUP_BYTES = 1 << 26
"""Bytes of text after which a row group ends."""
PIECE = 1 << 13
"""Rows that are read at once, at most."""
PIECE_BYTES = 1 << 23
"""Bytes of them, about."""


@dataclass(frozen=True)
class StoredTable:
    """Name a Parquet file that is read piece by piece, again and again."""

    path: Path
    schema: pa.Schema
    """The columns that it must have, in order."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.file.metadata.num_rows)

    @cached_property
    def file(self) -> pq.ParquetFile:
        """Open the file.

        Returns:
            It, to be read row group by row group.

        Raises:
            DataError: when it is missing, truncated, or has other columns.
        """
        return open_parquet(self.path, self.schema, mapped=False)

    def pieces(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Go through the rows in their order.

        Args:
            columns: which; None for all.

        Yields:
            Pieces; none is of two row groups, so one that is decoded has GROUP_BYTES at most.

        Raises:
            DataError: when the file is missing or damaged.
        """
        with parquet_faults(self.path):
            for group in range(self.file.num_row_groups):
                rows = rows_at_once(self.file.metadata.row_group(group), PIECE, PIECE_BYTES)
                for piece in self.file.iter_batches(
                    rows, row_groups=[group], columns=columns, use_threads=False
                ):
                    piece.validate(full=True)  # arrow takes any bytes for text
                    yield piece


Rows: TypeAlias = "pa.Table | StoredTable"
"""A table in memory, or in a file."""


def pieces(rows: Rows, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Go through a table piece by piece, wherever it is.

    Args:
        rows: the table.
        columns: which; None for all.

    Returns:
        Pieces in the order of the rows.
    """
    if isinstance(rows, StoredTable):
        return rows.pieces(columns)
    chosen = rows if columns is None else rows.select(list(columns))
    batches: list[pa.RecordBatch] = chosen.to_batches(max_chunksize=PIECE)
    return iter(batches)


def rows_at_once(group: pq.RowGroupMetaData, most: int, size: int) -> int:
    """Choose how many rows of a row group are decoded together: long ones are few.

    Args:
        group: of a Parquet file.
        most: rows.
        size: bytes of them, about; where texts come again they may be more.

    Returns:
        At least 1.
    """
    return max(1, min(most, int(size * group.num_rows / max(1, group.total_byte_size))))


def grouped(rows: Rows) -> Iterator[pa.Table]:
    """Go through a table a row group's worth at a time, wherever it is.

    Args:
        rows: the table.

    Yields:
        Tables of GROUP_ROWS rows or about GROUP_BYTES bytes, and a last one with the rest.
    """
    waiting: list[pa.RecordBatch] = []
    for piece in pieces(rows):
        waiting.append(piece)
        if sum(map(len, waiting)) >= GROUP_ROWS or sum(part.nbytes for part in waiting) >= GROUP_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def distinct(rows: Rows, column: str, only: Mapping[str, str]) -> Iterator[str]:
    """Go through the different texts of a column, in the order in which they first come.

    Args:
        rows: the table.
        column: of texts.
        only: column → value of the rows that count.

    Yields:
        Each text once; of those before it only hashes are remembered.
    """
    seen = Seen()
    for piece in pieces(rows, [column, *only]):
        chosen = piece
        for name, value in only.items():
            chosen = chosen.filter(pc.equal(chosen[name], value))
        for text in pc.unique(chosen[column]).to_pylist():
            if not seen.add(text):
                yield text


def held(rows: Rows) -> pa.Table:
    """Hold a table that is known to be small.

    Args:
        rows: the table.

    Returns:
        The same in memory, in pieces.
    """
    return pa.Table.from_batches(pieces(rows), rows.schema)


class RowGroupWriter:
    """Write a table as Parquet, piece by piece; the bytes depend on the rows alone, not on the pieces."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Open the file.

        Args:
            path: a file, within `atomic_file` as a rule.
            schema: the columns, with the metadata.
        """
        self.schema = schema
        self.rows = 0
        """Written so far."""
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []
        self._sizes: list[np.ndarray] = []

    def __enter__(self) -> Self:
        """Return the writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the rest and close the file; after an error, only close it."""
        try:
            if kind is None:
                self._flush(last=True)
                if not self.rows:
                    self._write_group(self.schema.empty_table())
        finally:
            self._writer.close()

    def write(self, piece: pa.RecordBatch | pa.Table) -> None:
        """Add rows.

        Args:
            piece: of the schema; it may be of any length.
        """
        batches = piece.to_batches() if isinstance(piece, pa.Table) else [piece]
        for batch in batches:
            if len(batch):
                self._waiting.append(batch)
                self._sizes.append(_text_bytes(batch))
        if sum(map(len, self._sizes)) >= GROUP_ROWS or sum(map(np.sum, self._sizes)) >= GROUP_BYTES:
            self._flush(last=False)

    def _flush(self, last: bool) -> None:
        """Write row groups: each ends with its GROUP_ROWS-th row, or the one that completes GROUP_BYTES."""
        if not self._sizes:
            return
        sizes, table = np.concatenate(self._sizes), pa.Table.from_batches(self._waiting)
        ends, start = np.cumsum(sizes), 0
        while start < len(sizes):
            before = int(ends[start - 1]) if start else 0
            full = int(np.searchsorted(ends, before + GROUP_BYTES)) + 1
            stop = min(full, start + GROUP_ROWS)
            if stop > len(sizes) and not last:
                break
            stop = min(stop, len(sizes))
            self._write_group(table.slice(start, stop - start))
            start = stop
        left = start < len(sizes)
        self._waiting, self._sizes = table.slice(start).to_batches(), [sizes[start:]] if left else []

    def _write_group(self, group: pa.Table) -> None:
        # Pages depend on where arrays begin, so a group is one array; it is short enough for that.
        self._writer.write_table(group.combine_chunks(), row_group_size=max(1, len(group)))
        self.rows += len(group)


def write_pieces(path: Path, schema: pa.Schema, rows: Iterable[pa.RecordBatch | pa.Table]) -> int:
    """Write a table piece by piece; the file appears when it is whole.

    Args:
        path: the Parquet file.
        schema: its columns, with the metadata.
        rows: the pieces.

    Returns:
        How many rows.

    Raises:
        DataError: when the disk is full, or the file cannot be written.
    """
    with atomic_file(path) as file, RowGroupWriter(file, schema) as writer:
        for piece in rows:
            writer.write(piece)
    return writer.rows


def _text_bytes(batch: pa.RecordBatch) -> np.ndarray:
    """Count the bytes of text in every row: (n,) int64."""
    sizes = np.zeros(len(batch), dtype=np.int64)
    for column, field in zip(batch.columns, batch.schema, strict=True):
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            sizes += pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    return sizes
