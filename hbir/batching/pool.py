"""Gather what one walk deals: pairs of one source, each with the languages that it may take."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, permutations
from typing import NamedTuple

import numpy as np

from hbir.batching.inventory import Inventory

Pairing = Callable[[Sequence[int]], list[tuple[int, int]]]
"""From the languages that a pair exists in to the (query, passage) languages that it may take."""


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


class Example(NamedTuple):
    """Name one row of a step."""

    row: int
    """Of the inventory."""
    query_lang: int
    passage_lang: int
    keys: tuple[int, int, int, int]
    """Passage, query and their texts: two examples of one step have none in common."""


@dataclass(frozen=True)
class Pool:
    """Hold the pairs of one source that a composition can use."""

    inventory: Inventory
    rows: np.ndarray
    """(n,) rows of the inventory, ascending."""
    has: np.ndarray
    """(n, l) bool, the languages that a row may take."""
    choices: np.ndarray
    """(c, 2) (query, passage) languages of all rows, those of one row side by side."""
    starts: np.ndarray
    """(n,) where a row's choices begin."""
    counts: np.ndarray
    """(n,) how many choices a row has, at least 1."""

    @classmethod
    def of(cls, inventory: Inventory, source: str, languages: Sequence[str], pairing: Pairing) -> "Pool":
        """Gather the rows of a source that have at least one choice of languages.

        Args:
            inventory: of all training pairs.
            source: whose pairs.
            languages: those that may be used.
            pairing: which languages may stand on the two sides.

        Returns:
            The pool, perhaps an empty one.
        """
        rows = np.flatnonzero(inventory.source == inventory.sources.index(source))  # (n,)
        has = inventory.has[rows] & np.isin(inventory.languages, list(languages))  # (n, l)
        patterns, pattern = _distinct(has)
        choices = [pairing(np.flatnonzero(present).tolist()) for present in patterns]
        counts = np.array([len(some) for some in choices])
        starts = np.cumsum(counts) - counts
        kept = counts[pattern] > 0
        return cls(
            inventory=inventory,
            rows=rows[kept],
            has=has[kept],
            choices=np.array(list(chain.from_iterable(choices)), dtype=np.int64).reshape(-1, 2),
            starts=starts[pattern][kept],
            counts=counts[pattern][kept],
        )

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.rows)

    def examples(self, order: np.ndarray, choice: np.ndarray) -> Iterator[Example]:
        """Deal rows in given languages.

        Args:
            order: (m,) places in the pool.
            choice: (m,) which of its choices each takes, from 0.

        Returns:
            (m,) examples.
        """
        rows = self.rows[order]  # (m,)
        query_langs, passage_langs = self.choices[self.starts[order] + choice].T  # (m,) each
        keys = zip(
            self.inventory.passages[rows].tolist(),
            self.inventory.queries[rows].tolist(),
            self.inventory.passage_texts[rows, passage_langs].tolist(),
            self.inventory.query_texts[rows, query_langs].tolist(),
            strict=True,
        )
        columns = rows.tolist(), query_langs.tolist(), passage_langs.tolist(), keys
        return map(Example._make, zip(*columns, strict=True))

    def apart(self, size: int) -> list[int]:
        """Find rows that collide with each other in none of their languages.

        Rows with few possible collisions are taken first, which finds nearly as many as there can be.

        Args:
            size: how many are enough.

        Returns:
            At most `size` rows of the inventory.
        """
        keys = self._all_keys()  # (n, 2 + 2 l)
        holders = np.bincount(keys.ravel(), minlength=1)
        holders[0] = 0  # texts that do not exist collide with nothing
        order = np.argsort(holders[keys].sum(axis=1), kind="stable")
        used: set[int] = set()
        found: list[int] = []
        for place in order:
            own = set(keys[place].tolist()) - {0}
            if used.isdisjoint(own):
                used |= own
                found.append(int(self.rows[place]))
            if len(found) == size:
                break
        return found

    def _all_keys(self) -> np.ndarray:
        inventory, rows = self.inventory, self.rows
        ids = inventory.passages[rows, None], inventory.queries[rows, None]
        texts = inventory.passage_texts[rows] * self.has, inventory.query_texts[rows] * self.has
        return np.concatenate([*ids, *texts], axis=1)


def _distinct(has: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the few sets of languages that occur: (p, l) those sets, (n,) which one each row has."""
    packed = np.packbits(has, axis=1)  # (n, bytes)
    names = np.frombuffer(packed.tobytes(), dtype=f"S{packed.shape[1]}")  # (n,)
    _, first, number = np.unique(names, return_index=True, return_inverse=True)
    return has[first], number
