"""Hold many planned examples as arrays."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Example(NamedTuple):
    """Name one example."""

    row: int
    """Of the inventory."""
    query_lang: int
    passage_lang: int


@dataclass(frozen=True)
class Examples:
    """Name many examples, 8 bytes each: the inventory's row, and both languages by number."""

    rows: np.ndarray
    """(m,) int32."""
    query_langs: np.ndarray
    """(m,) int16."""
    passage_langs: np.ndarray
    """(m,) int16."""

    @classmethod
    def empty(cls, count: int) -> "Examples":
        """Make room for examples.

        Args:
            count: how many.

        Returns:
            Arrays to be filled.
        """
        return cls(np.empty(count, np.int32), np.empty(count, np.int16), np.empty(count, np.int16))

    @classmethod
    def of(cls, examples: list[Example]) -> "Examples":
        """Put single examples into arrays.

        Args:
            examples: (m,) any.

        Returns:
            The same in the same order.
        """
        table = np.array(examples, dtype=np.int64).reshape(-1, 3)
        return cls(table[:, 0].astype(np.int32), *table[:, 1:].astype(np.int16).T)

    @classmethod
    def joined(cls, parts: list["Examples"]) -> "Examples":
        """Put examples one after the other.

        Args:
            parts: at least one.

        Returns:
            All of them.
        """
        columns = zip(*((part.rows, part.query_langs, part.passage_langs) for part in parts), strict=True)
        return cls(*map(np.concatenate, columns))

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.rows)

    def __getitem__(self, places: slice | np.ndarray) -> "Examples":
        """Choose some.

        Args:
            places: (k,) which.

        Returns:
            Those.
        """
        return Examples(self.rows[places], self.query_langs[places], self.passage_langs[places])

    def put(self, places: slice | np.ndarray, examples: "Examples") -> None:
        """Overwrite some.

        Args:
            places: (k,) which.
            examples: (k,) what to write there.
        """
        self.rows[places] = examples.rows
        self.query_langs[places] = examples.query_langs
        self.passage_langs[places] = examples.passage_langs

    def listed(self) -> list[Example]:
        """Return them one by one."""
        columns = self.rows.tolist(), self.query_langs.tolist(), self.passage_langs.tolist()
        return list(map(Example._make, zip(*columns, strict=True)))
