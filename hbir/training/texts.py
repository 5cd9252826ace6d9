"""Find the rows of planned examples among the pairs, and their texts."""

from pathlib import Path

import numpy as np

from hbir.batching.plan import Batch
from hbir.core.files import read_table
from hbir.core.hashing import file_digest
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.core.tables import Rows, StoredTable
from hbir.core.text_chunks import Chunks
from hbir.encoding.prompts import Side
from hbir.training.pair_rows import PairRows
from hbir.training.text_store import SIDES, Groups, TextStore, mapped

_COLUMN: dict[Side, str] = {"query": "query", "document": "passage"}


class PairTexts:
    """Find queries and passages by pair and language."""

    def __init__(self, pairs: Rows, folder: Path = Path()) -> None:
        """Index the pairs.

        Args:
            pairs: rows of `data/pairs.parquet`, sorted by language and pair, in memory or in a file.
            folder: of a file's index, for all processes of the machine; its name stands for the file's bytes.

        Raises:
            DataError: when the file is broken, or its index cannot be written.
        """
        self._file: tuple[StoredTable, Path] | None = None
        self._rows: PairRows
        self._store: TextStore
        if isinstance(pairs, StoredTable):
            self._file = pairs, folder
            self._rows, self._store = PairRows.mapped(pairs, folder), Groups(pairs.path, pairs.file)
        else:
            self._rows, self._store = PairRows.of(pairs), Chunks({side: pairs[side] for side in SIDES})

    def expect_lookups(self) -> None:
        """Prepare for scattered rows again and again: texts are mapped into memory, uncompressed on the disk.

        Raises:
            DataError: when the disk is full.
        """
        if self._file:
            self._store = mapped(*self._file)
            self._file = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def rows(self, batch: Batch) -> dict[Side, np.ndarray]:
        """Find the rows of a batch.

        Args:
            batch: which pairs, and the languages of both sides.

        Returns:
            By side, (b,) rows of the pairs.

        Raises:
            DataError: when there is no such pair in that language.
        """
        return {
            "query": self._rows.rows(batch.pair_ids, batch.query_langs),
            "document": self._rows.rows(batch.pair_ids, batch.passage_langs),
        }

    def texts(self, side: Side, rows: np.ndarray | slice) -> list[str]:
        """Look up texts.

        Args:
            side: of queries or passages.
            rows: (k,) rows, or a range of them.

        Returns:
            (k,) texts.
        """
        column = _COLUMN[side]
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            return self._store.part(column, start, stop) if start < stop else []
        return self._store.take(column, rows)


def open_texts(path: Path, kept: Path) -> PairTexts:
    """Open the texts of a file of pairs; those of a single row group are held in memory.

    Args:
        path: `data/pairs.parquet`.
        kept: folder of what outlives a process, `.hbir`.

    Returns:
        The texts.

    Raises:
        DataError: when the file is missing or broken, or its index cannot be written.
    """
    pairs = StoredTable(path, PAIRS_SCHEMA)
    if pairs.file.num_row_groups == 1:
        return PairTexts(read_table(path, PAIRS_SCHEMA))
    return PairTexts(pairs, kept / "texts" / file_digest(path)[:16])
