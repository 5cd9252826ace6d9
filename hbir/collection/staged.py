"""Write pairs to the disk as they are read, and let the engine put them in order."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa

from hbir.collection.pair_store import pair_id_of
from hbir.collection.source import Pair
from hbir.collection.stored import ROWS, TEXTS, VERSIONS, StoredPairs
from hbir.core.engine import engine
from hbir.core.tables import PIECE, RowGroupWriter

_FIRST = """
SELECT row.* REPLACE (first.translate AS translate) FROM {rows} AS row
JOIN (SELECT min(seq) AS seq, bool_or(translate) AS translate FROM {rows} GROUP BY pair_id) AS first USING (seq)
ORDER BY pair_id
"""
"""Of pairs with one id the first; an engine may be asked if any of them lets it."""
_FIRST_VERSIONS = """
SELECT version.* FROM {versions} AS version
JOIN (SELECT min(seq) AS seq, pair_id, lang FROM {versions} GROUP BY pair_id, lang) AS first
USING (seq, pair_id, lang) ORDER BY pair_id, lang
"""


class Staging:
    """Write what is read, and forget it."""

    def __init__(self, folder: Path, memory: int) -> None:
        """Open the files.

        Args:
            folder: an existing one, which must stay until all work is done.
            memory: bytes for the engine.
        """
        self._folder, self._memory = folder, memory
        self._open = ExitStack()
        self._rows = _Buffer(self._open.enter_context(RowGroupWriter(folder / "rows", ROWS)))
        self._versions = _Buffer(self._open.enter_context(RowGroupWriter(folder / "versions", VERSIONS)))
        self._seq = 0
        self._read: Counter[int] = Counter()

    def add(self, pair: Pair, source: int) -> None:
        """Write a pair.

        Args:
            pair: with its split.
            source: its number.
        """
        pair_id = pair_id_of(pair)
        self._rows.add((self._seq, source, pair_id, pair.translate, *(getattr(pair, name) for name in TEXTS)))
        for lang, version in pair.versions.items():
            self._versions.add((self._seq, pair_id, lang, *version))
        self._seq += 1
        self._read[source] += 1

    def settled(self, names: Sequence[str]) -> tuple[StoredPairs, Counter[int]]:
        """Put the pairs in order, each once.

        Args:
            names: of the sources.

        Returns:
            The pairs; and by source how many it gave of pairs that were there already.

        Raises:
            DataError: when the disk is full.
            ParamsError: when the memory is too little.
        """
        self._rows.flush()
        self._versions.flush()
        self._open.close()
        given, found = ({name: self._folder / f"{name}{end}" for name in _FILES} for end in ("", ".sorted"))
        with engine(self._folder, self._memory) as run:
            for name, query in _FILES.items():
                run.write(query, found[name], **{name: given[name]})
                given[name].unlink()
        store = StoredPairs(names, self._folder)
        return store, self._read - store.counts


_FILES = {"rows": _FIRST, "versions": _FIRST_VERSIONS}


class _Buffer:
    """Make pieces of single rows."""

    def __init__(self, writer: RowGroupWriter) -> None:
        self._writer = writer
        self._waiting: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        self._waiting.append(row)
        if len(self._waiting) >= PIECE:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            self._writer.write(batch_of(self._waiting, self._writer.schema))
            self._waiting = []


def batch_of(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    """Put rows into columns.

    Args:
        rows: at least one.
        schema: the columns.

    Returns:
        The piece.
    """
    columns = (
        pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
    )
    return pa.record_batch(list(columns), schema=schema)
