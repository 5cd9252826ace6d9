"""Hold rows of a plan: which pair, in which languages."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Rows:
    """Name examples by pair and by the numbers of their languages, 12 bytes each."""

    languages: Sequence[str]
    """(l,) the names of the numbers."""
    pair_ids: np.ndarray
    """(m,) int64."""
    query_langs: np.ndarray
    """(m,) int16."""
    passage_langs: np.ndarray
    """(m,) int16."""

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.pair_ids)

    def part(self, start: int, stop: int) -> "Rows":
        """Return some of the examples.

        Args:
            start: the first.
            stop: the one after the last.

        Returns:
            Views of those.
        """
        chosen = slice(start, stop)
        return Rows(self.languages, self.pair_ids[chosen], self.query_langs[chosen], self.passage_langs[chosen])

    @classmethod
    def joined(cls, parts: Sequence["Rows"]) -> "Rows":
        """Put parts of one plan one after the other.

        Args:
            parts: at least one; their numbers stand for the same languages.

        Returns:
            All examples.
        """
        columns = zip(*((part.pair_ids, part.query_langs, part.passage_langs) for part in parts), strict=True)
        return cls(parts[-1].languages, *map(np.concatenate, columns))

    def names(self, numbers: np.ndarray) -> list[str]:
        """Name languages one by one.

        Args:
            numbers: (k,) any.

        Returns:
            (k,) names.
        """
        return [self.languages[number] for number in numbers.tolist()]

    def strings(self, numbers: np.ndarray) -> pa.Array:
        """Name languages for a file.

        Args:
            numbers: (k,) any.

        Returns:
            (k,) strings.
        """
        names = pa.array(list(self.languages), pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(numbers), names).cast(pa.string())


@dataclass(frozen=True)
class Held:
    """Hold all rows of a plan in memory."""

    all: Rows
    """Of the plan."""

    def rows(self, start: int, stop: int) -> Rows:
        """Return some of the rows.

        Args:
            start: the first.
            stop: the one after the last.

        Returns:
            Views of those.
        """
        return self.all.part(start, stop)
