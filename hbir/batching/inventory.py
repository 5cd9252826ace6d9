"""Index the pairs of a split by source and language, with everything that two of them could collide in."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hbir.batching.pair_index import PairIndex
from hbir.core.errors import PlanError
from hbir.core.schemas import TRAIN
from hbir.core.tables import Rows


@dataclass(frozen=True)
class Inventory:
    """Hold one row per pair of the split, in the order of `pair_id`.

    The four kinds of keys have disjoint values above 0, so that two examples collide exactly when they
    have a key in common. 0 stands for a text that does not exist.
    """

    languages: list[str]
    """(l,) sorted."""
    sources: list[str]
    """(s,) sorted."""
    pair_ids: np.ndarray
    """(n,) int64, ascending."""
    source: np.ndarray
    """(n,) integers, which of the sources each pair is from."""
    sets: np.ndarray
    """(p, l) bool, the different sets of languages that pairs exist in."""
    set_of: np.ndarray
    """(n,) integers, which of the sets each pair has."""
    passages: np.ndarray
    """(n,) int32 (int64 where that is too small, as in all keys), a key for each `passage_id`."""
    queries: np.ndarray
    """(n,) a key for each `query_id`."""
    passage_texts: np.ndarray
    """(n, l) a key for each normalised passage."""
    query_texts: np.ndarray
    """(n, l) a key for each normalised query."""

    @cached_property
    def _by_source(self) -> tuple[np.ndarray, np.ndarray]:
        """Order the rows by source: (n,) int32 rows, (s + 1,) where each source's begin."""
        order = np.argsort(self.source, kind="stable").astype(np.int32)
        counts = np.bincount(self.source, minlength=len(self.sources))
        return order, np.concatenate([[0], np.cumsum(counts)])

    def rows_of(self, source: int) -> np.ndarray:
        """Find the rows of a source.

        Args:
            source: its number.

        Returns:
            (m,) int32, ascending; not to be written to.
        """
        order, starts = self._by_source
        return order[starts[source] : starts[source + 1]]

    @cached_property
    def set_counts(self) -> np.ndarray:
        """(s, p) the pairs of each source that exist in each set of languages."""
        shape = len(self.sources), len(self.sets)
        cells = self.source.astype(np.int64) * shape[1] + self.set_of
        return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)

    @classmethod
    def of(cls, pairs: Rows, split: str = TRAIN, together: str | None = None) -> "Inventory":
        """Index the pairs of one split.

        Args:
            pairs: rows in the format PAIRS, in memory or in a file.
            split: which pairs count; the others are passed over.
            together: what to call all sources, as if they were one; None for their own names.

        Returns:
            The inventory over all languages of the table.

        Raises:
            PlanError: when the split has no pair.
            DataError: when the disk is full, which large tables need for a while.
        """
        index = PairIndex.of(pairs, split)
        if not len(index.pair_ids):
            raise PlanError(
                where="data/pairs.parquet",
                expected=f"{split} pairs",
                found="none",
                hint="Add pairs, or change `validation` of a source, the share that is held back.",
            )
        names = [together] * len(index.sources) if together else index.sources
        sources = sorted(set(names))
        numbers = np.array([sources.index(name) for name in names], np.min_scalar_type(len(sources)))
        passage_texts, most_passages = index.text_keys(pairs, split, "passage")
        query_texts, most_queries = index.text_keys(pairs, split, "query")
        passages, queries, passage_texts, query_texts = _disjoint(
            _ranked(index.passage_ids),
            _ranked(index.query_ids),
            (passage_texts, most_passages),
            (query_texts, most_queries),
        )
        sets, set_of = _distinct(index.has)
        return cls(
            languages=index.languages,
            sources=sources,
            pair_ids=index.pair_ids,
            source=numbers[index.source],
            sets=sets,
            set_of=set_of,
            passages=passages,
            queries=queries,
            passage_texts=passage_texts,
            query_texts=query_texts,
        )


def _ranked(ids: np.ndarray) -> tuple[np.ndarray, int]:
    """Number ids in their order, from 1: (n,) integers, and the largest."""
    different, number = np.unique(ids, return_inverse=True)
    return (number + 1).astype(np.min_scalar_type(-len(different) - 1)), len(different)


def _disjoint(*kinds: tuple[np.ndarray, int]) -> list[np.ndarray]:
    """Number the keys of all kinds through, above 0, in the smallest type that holds them all.

    Those of a kind run from 1 to the given number; 0 stays 0.
    """
    starts = np.cumsum([0, *(most for _, most in kinds)]).tolist()
    kind = np.int32 if starts[-1] < np.iinfo(np.int32).max else np.int64
    return [_moved(keys.astype(kind, copy=False), by) for (keys, _), by in zip(kinds, starts[:-1], strict=True)]


def _moved(keys: np.ndarray, by: int) -> np.ndarray:
    """Add to what is not 0, in place."""
    np.add(keys, by, out=keys, where=keys > 0)
    return keys


def _distinct(has: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the few sets of languages that occur: (p, l) those sets, (n,) which one each row has."""
    packed = np.packbits(has, axis=1)  # (n, bytes)
    names = np.frombuffer(packed.tobytes(), dtype=f"S{packed.shape[1]}")  # (n,)
    _, first, number = np.unique(names, return_index=True, return_inverse=True)
    return has[first], number.astype(np.min_scalar_type(len(first)))
