"""Read pairs from the disk, in the order of their ids, whenever they are asked for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hbir.collection.pair_store import Numbered, PairStore, Texts
from hbir.collection.source import Pair, Version
from hbir.core.tables import PIECE, StoredTable
from hbir.core.text_chunks import Chunks, write_chunks

TEXTS = ("query", "passage", "query_key", "passage_key", "relation", "lang", "split")
ROWS = pa.schema(
    [
        ("seq", pa.int64()),
        ("source", pa.int32()),
        ("pair_id", pa.int64()),
        ("translate", pa.bool_()),
        *((name, pa.string()) for name in TEXTS),
    ]
)
"""A pair as it was read; `seq` counts all that were."""
VERSIONS = pa.schema(
    [
        ("seq", pa.int64()),
        ("pair_id", pa.int64()),
        ("lang", pa.string()),
        ("query", pa.string()),
        ("passage", pa.string()),
    ]
)
"""A pair in another language, of the row with that `seq`."""


class StoredPairs(PairStore):
    """Read pairs from the disk whenever they are asked for."""

    is_stored = True

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        """Look which source each pair is of.

        Args:
            names: of the sources.
            folder: of the sorted files.
        """
        self._folder = folder
        self._rows = StoredTable(folder / "rows.sorted", ROWS)
        self._versions = StoredTable(folder / "versions.sorted", VERSIONS)
        parts = [piece["source"].to_numpy().astype(np.int16) for piece in self._rows.pieces(["source"])]
        super().__init__(names, np.concatenate([*parts, np.zeros(0, np.int16)]))

    @property
    def counts(self) -> Counter[int]:
        """Return how many pairs each source owns, by its number."""
        numbers, counts = np.unique(self._sources, return_counts=True)
        return Counter(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))

    def _all(self) -> Iterator[Numbered]:
        versions = _Versions(self._versions)
        rows = chain.from_iterable(piece.to_pylist() for piece in self._rows.pieces())
        for place, row in enumerate(rows):
            pair = Pair(
                versions=versions.of(row["pair_id"]),
                translate=row["translate"],
                **{name: row[name] for name in TEXTS},
            )
            yield Numbered(place, row["pair_id"], self._names[row["source"]], pair)

    def texts(self, places: np.ndarray) -> "StoredTexts":
        """Give the texts of some pairs, mapped into memory.

        Args:
            places: (k,) ascending.

        Returns:
            (k,) of them.
        """
        path = self._folder / "texts.arrow"
        if not path.exists():
            sides = ["query", "passage"]
            write_chunks(path, pa.schema([ROWS.field(side) for side in sides]), self._rows.pieces(sides))
        return StoredTexts(Chunks.mapped(path), places)


class StoredTexts(Sequence[Texts]):
    """Look queries and passages up in a file that is mapped into memory."""

    def __init__(self, chunks: Chunks, places: np.ndarray) -> None:
        """Hold which are meant.

        Args:
            chunks: of all pairs.
            places: (k,) of those that are meant.
        """
        self._chunks, self._places = chunks, places

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self._places)

    def __getitem__(self, number: Any) -> Any:
        """Look up the query and the passage of one pair."""
        rows = self._places[number : number + 1]
        return tuple(self._chunks.take(side, rows)[0] for side in ("query", "passage"))

    def __iter__(self) -> Iterator[Texts]:
        """Go through all pairs."""
        for start in range(0, len(self._places), PIECE):
            rows = self._places[start : start + PIECE]
            yield from zip(*(self._chunks.take(side, rows) for side in ("query", "passage")), strict=True)


class _Versions:
    """Go through the versions beside their pairs; both are in the order of the ids."""

    def __init__(self, table: StoredTable) -> None:
        self._rows = chain.from_iterable(piece.to_pylist() for piece in table.pieces())
        self._next = next(self._rows, None)

    def of(self, pair_id: int) -> Mapping[str, Version]:
        found = {}
        while self._next and self._next["pair_id"] == pair_id:
            found[self._next["lang"]] = Version(self._next["query"], self._next["passage"])
            self._next = next(self._rows, None)
        return found
