"""Gather what one walk deals: pairs of one source, each with the languages that it may take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, permutations
from typing import ClassVar, Self

import numpy as np

from hbir.batching.examples import Example, Examples
from hbir.batching.inventory import Inventory

Pairing = Callable[[Sequence[int]], list[tuple[int, int]]]
"""From the languages that a pair exists in to the (query, passage) languages that it may take."""

_SAMPLE = 8
"""Rows that `surely_fills` looks at, as a multiple of what it needs where no two of them collide."""


def same_language(languages: Sequence[int]) -> list[tuple[int, int]]:
    """Put the same language on both sides.

    Args:
        languages: those that a pair exists in.

    Returns:
        All (query language, passage language).
    """
    return [(language, language) for language in languages]


def two_languages(languages: Sequence[int]) -> list[tuple[int, int]]:
    """Put different languages on the two sides.

    Args:
        languages: those that a pair exists in.

    Returns:
        All ordered (query language, passage language); none for a pair in one language.
    """
    return list(permutations(languages, 2))


@dataclass(frozen=True)
class Pool:
    """Hold the pairs of one source that a composition can use.

    It holds no pair itself, only what a pair of each set of languages may take: the rows of a large source
    are in the inventory once, for all pools.
    """

    together: ClassVar[int] = 1
    """So many of the last keys are of one kind, for `find_close`."""
    inventory: Inventory
    source: int
    languages: np.ndarray
    """(k,) those that may be used, ascending."""
    choices: np.ndarray
    """(c, 2) int16 (query, passage) languages, those of one set of languages side by side."""
    starts: np.ndarray
    """(p,) where the choices of each of the inventory's sets begin."""
    counts: np.ndarray
    """(p,) how many choices a pair of that set has; without any it is not in the pool."""

    @classmethod
    def of(cls, inventory: Inventory, source: str, languages: Sequence[str], pairing: Pairing) -> Self:
        """Gather the rows of a source that have at least one choice of languages.

        Args:
            inventory: of all training pairs.
            source: whose pairs.
            languages: those that may be used.
            pairing: which languages may stand on the two sides.

        Returns:
            The pool, perhaps an empty one.
        """
        usable = np.isin(inventory.languages, list(languages))  # (l,)
        choices = [pairing(np.flatnonzero(present).tolist()) for present in inventory.sets & usable]
        counts = np.array([len(some) for some in choices])
        return cls(
            inventory=inventory,
            source=inventory.sources.index(source),
            languages=np.flatnonzero(usable),
            choices=np.array(list(chain.from_iterable(choices)), dtype=np.int16).reshape(-1, 2),
            starts=np.cumsum(counts) - counts,
            counts=counts,
        )

    def __len__(self) -> int:
        """Return the number of pairs."""
        return self._length

    @cached_property
    def _length(self) -> int:
        return int(self.inventory.set_counts[self.source, self.counts > 0].sum())

    @property
    def widest(self) -> int:
        """Return the most rows of a batch that one pair has."""
        return 1

    def width(self, row: int) -> int:
        """Count the rows of a batch that a pair has.

        Args:
            row: of the pool.

        Returns:
            1: its query in one language with its passage in one language.
        """
        return 1

    def rows(self) -> np.ndarray:
        """Return the (n,) int32 rows of the inventory, ascending, in an array of their own."""
        rows = self.inventory.rows_of(self.source)
        return rows.copy() if len(rows) == len(self) else self._usable(rows)

    def _usable(self, rows: np.ndarray) -> np.ndarray:
        usable: np.ndarray = rows[(self.counts > 0)[self.inventory.set_of[rows]]]
        return usable

    def examples(self, rows: np.ndarray, stream: np.random.Generator) -> Examples:
        """Draw the languages of rows.

        Args:
            rows: (m,) of the pool.
            stream: of the choices; it stays where it is if there is nothing to choose.

        Returns:
            (m,) examples.
        """
        if self._leaves_no_choice:
            query_langs, passage_langs = np.repeat(self.choices[:1], len(rows), axis=0).T
            return Examples(rows, query_langs, passage_langs)
        sets = self.inventory.set_of[rows]  # (m,)
        choice = self.starts[sets] + stream.integers(self.counts[sets])
        return Examples(rows, self.choices[choice, 0], self.choices[choice, 1])

    @cached_property
    def _leaves_no_choice(self) -> bool:
        """Whether all pairs take the same languages, as those of one language do."""
        return bool(self.counts.max() <= 1 and (self.choices == self.choices[:1]).all())

    def keys(self, examples: Examples) -> np.ndarray:
        """Look up what examples could collide in.

        Args:
            examples: (m,) any.

        Returns:
            (k, m) passage, query and their texts: two examples of one step have no key in common.
        """
        inventory, rows = self.inventory, examples.rows
        cells = rows.astype(np.int64) * len(inventory.languages)  # (m,)
        return np.stack(
            [
                inventory.passages.take(rows),
                inventory.queries.take(rows),
                inventory.passage_texts.ravel().take(cells + examples.passage_langs),
                inventory.query_texts.ravel().take(cells + examples.query_langs),
            ]
        )

    def keys_of(self, example: Example) -> tuple[int, ...]:
        """Look up what one example could collide in, 20 times faster than `keys` does for one.

        Args:
            example: any.

        Returns:
            Passage, query and their texts.
        """
        inventory, (row, query_lang, passage_lang) = self.inventory, example
        return (
            inventory.passages.item(row),
            inventory.queries.item(row),
            inventory.passage_texts.item(row, passage_lang),
            inventory.query_texts.item(row, query_lang),
        )

    def surely_fills(self, size: int) -> bool:
        """Show without looking at every row that `apart` finds enough rows.

        `apart` leaves no row that collides with none of those it found. If it found fewer than `size`, each
        of their k keys would be that of many rows, so that together they would collide with all rows, those
        of any sample included. If no key of a row of the sample is that of more than c of its rows, they
        collide with at most (size - 1) · k · c of them.

        Args:
            size: how many rows are wanted.

        Returns:
            True if there are enough; False if that is not certain.
        """
        width = 2 + 2 * len(self.languages)
        needed = (size - 1) * width
        rows = self.inventory.rows_of(self.source)
        sample = self._usable(rows[:: max(1, len(rows) // (_SAMPLE * needed))])
        most = self._holders(self._all_keys(sample)).max(axis=1, initial=0)  # (m,)
        return any(np.count_nonzero(most <= limit) > needed * limit for limit in (1, 2, 4))

    def apart(self, size: int) -> list[int]:
        """Find rows that collide with each other in none of their languages.

        Rows with few possible collisions are taken first, which finds nearly as many as there can be.

        Args:
            size: how many rows of a batch are enough.

        Returns:
            Rows of the inventory, no more than make a batch of `size` rows.
        """
        rows = self.rows()
        keys = self._all_keys(rows)  # (n, 2 + 2 k)
        order = np.argsort(self._holders(keys).sum(axis=1), kind="stable")
        used: set[int] = set()
        found: list[int] = []
        missing = size
        for place in order:
            own = set(keys[place].tolist()) - {0}
            if used.isdisjoint(own):
                used |= own
                found.append(int(rows[place]))
                missing -= self.width(found[-1])
            if missing <= 0:
                break
        return found

    def _all_keys(self, rows: np.ndarray) -> np.ndarray:
        """Look up the (m, 2 + 2 k) keys that rows could have; 0 where a pair lacks a language."""
        inventory, cells = self.inventory, np.ix_(rows, self.languages)
        ids = inventory.passages[rows, None], inventory.queries[rows, None]
        return np.concatenate([*ids, inventory.passage_texts[cells], inventory.query_texts[cells]], axis=1)

    @staticmethod
    def _holders(keys: np.ndarray) -> np.ndarray:
        """Count in how many places each key stands; a text that does not exist collides with nothing."""
        _, number, counts = np.unique(keys, return_inverse=True, return_counts=True)
        return np.where(keys > 0, counts[number].reshape(keys.shape), 0)
