"""Give texts of rows of a table whose columns stay in pieces, in memory or mapped into it."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa


class Chunks:
    """Look texts up by row; each piece is asked once, and no two are joined."""

    def __init__(self, columns: Mapping[str, pa.ChunkedArray]) -> None:
        """Look where the pieces begin.

        Args:
            columns: of texts, by name.
        """
        self._chunks = {name: column.chunks for name, column in columns.items()}
        self._starts = {
            name: np.cumsum([0, *map(len, chunks)], dtype=np.int64) for name, chunks in self._chunks.items()
        }

    @classmethod
    def mapped(cls, path: Path) -> "Chunks":
        """Map a file into memory, which all processes of a machine then share.

        Args:
            path: a file of `write_chunks`.

        Returns:
            Its texts.
        """
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        return cls({name: table[name] for name in table.column_names})

    def take(self, column: str, rows: np.ndarray) -> list[str]:
        """Look texts up.

        Args:
            column: its name.
            rows: (k,) any, in any order.

        Returns:
            (k,) texts.
        """
        starts, chunks = self._starts[column], self._chunks[column]
        return by_piece(starts, rows, lambda number, places: chunks[number].take(pa.array(places)).to_pylist())

    def part(self, column: str, start: int, stop: int) -> list[str]:
        """Return the texts of rows that follow each other.

        Args:
            column: its name.
            start: the first row.
            stop: the one after the last.

        Returns:
            (stop - start,) texts.
        """
        return list(itertools.chain.from_iterable(self._parts(column, start, stop)))

    def _parts(self, column: str, start: int, stop: int) -> Iterator[list[str]]:
        starts = self._starts[column]
        first, last = np.searchsorted(starts, [start, stop - 1], side="right") - 1
        for number in range(first, last + 1):
            chunk, begin = self._chunks[column][number], int(starts[number])
            low = max(0, start - begin)
            yield chunk.slice(low, min(stop - begin, len(chunk)) - low).to_pylist()


def write_chunks(path: Path, schema: pa.Schema, pieces: Iterable[pa.RecordBatch]) -> None:
    """Write texts uncompressed, to be mapped into memory.

    Args:
        path: the file.
        schema: columns of texts.
        pieces: of them.
    """
    with pa.ipc.new_file(path, schema) as writer:
        for piece in pieces:
            writer.write_batch(pa.record_batch(piece.columns, schema=schema))


def by_piece(starts: np.ndarray, rows: np.ndarray, take: Callable[[int, np.ndarray], list[str]]) -> list[str]:
    """Look rows up where they are.

    Args:
        starts: (p + 1,) where pieces begin, and at last the number of all rows.
        rows: (k,) which.
        take: gets the number of a piece, and places in it.

    Returns:
        (k,) texts.
    """
    numbers = np.searchsorted(starts, rows, side="right") - 1  # (k,)
    texts = np.empty(len(rows), dtype=object)
    for number in np.unique(numbers).tolist():
        here = numbers == number
        texts[here] = take(number, rows[here] - starts[number])
    found: list[str] = texts.tolist()
    return found
