"""Divide the difference between two runs' macro means among the clusters of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ALL_LANGUAGES = ""
"""Stands for a mean over all query languages."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Hold where the rows of one setting belong, n in all; names are numbered in sorted order.

    So the order of the rows decides nothing.
    """

    cluster: np.ndarray
    """(n,) int64."""
    lang: np.ndarray
    """(n,) int64, that of the query."""
    pool: np.ndarray
    """(n,) int64."""
    langs: tuple[str, ...]
    """Names of the query languages."""

    @classmethod
    def of(cls, table: pa.Table) -> "Layout":
        """Read it.

        Args:
            table: scores per query in one setting.

        Returns:
            The layout.
        """
        (_, cluster), (langs, lang), (_, pool) = (
            _numbered(table[key]) for key in ("cluster", "query_lang", "pool")
        )
        return cls(cluster=cluster, lang=lang, pool=pool, langs=tuple(langs))

    @cached_property
    def cell(self) -> np.ndarray:
        """Number the cells of query language and pool: (n,) int64."""
        return np.unique(self.lang * (self.pool.max(initial=0) + 1) + self.pool, return_inverse=True)[1]

    def weights(self, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weigh rows so that their weighted sums are macro means: over queries, then over filled cells.

        Args:
            there: (n,) bool, which rows have the measure.

        Returns:
            Two (n,) float64, of the mean over all cells, and of the means over those of each query language; 0
            for rows without the measure.
        """
        cell, lang = self.cell[there], self.lang[there]
        queries = np.bincount(cell)
        filled, first = np.unique(cell, return_index=True)
        cells_of_lang = np.bincount(lang[first])
        weights = np.zeros((2, len(there)))
        weights[0, there] = 1 / (queries[cell] * len(filled))
        weights[1, there] = 1 / (queries[cell] * cells_of_lang[lang])
        return weights[0], weights[1]


@dataclass(frozen=True, kw_only=True)
class Contributions:
    """Hold what each cluster adds to the differences of one measure in one setting."""

    languages: tuple[str, ...]
    """What the differences are over: ALL_LANGUAGES, then query languages."""
    values: np.ndarray
    """(clusters, languages) float64; their sums are the differences between macro means."""
    there: np.ndarray
    """(clusters, languages) bool, which clusters have a query with the measure."""

    def overall(self) -> "Contributions":
        """Return those over all languages alone."""
        return self._only(slice(0, 1))

    def each_language(self) -> "Contributions":
        """Return those over each language alone."""
        return self._only(slice(1, None))

    def _only(self, chosen: slice) -> "Contributions":
        return Contributions(
            languages=self.languages[chosen], values=self.values[:, chosen], there=self.there[:, chosen]
        )


def contributions(layout: Layout, one: np.ndarray, other: np.ndarray) -> Contributions | None:
    """Divide the differences between two runs.

    Args:
        layout: of the rows, n in all.
        one: (n,) float64, the scores of a run; NaN where a query has none.
        other: (n,) float64, those to subtract.

    Returns:
        The contributions over all languages and over each; None where no query has the measure, or not the same
        queries have it in both runs: those means cannot be paired.
    """
    there = ~np.isnan(one)
    if not there.any() or (there != ~np.isnan(other)).any():
        return None
    changes = np.where(there, one - other, 0.0)
    overall, by_lang = layout.weights(there)
    shape = int(layout.cluster.max()) + 1, len(layout.langs)
    place = np.ravel_multi_index((layout.cluster, layout.lang), shape)
    counts = np.bincount(place[there], minlength=shape[0] * shape[1]).reshape(shape)  # (clusters, languages)
    summed = np.bincount(place, changes * by_lang, shape[0] * shape[1]).reshape(shape)
    whole = np.bincount(layout.cluster, changes * overall, shape[0])
    filled = np.flatnonzero(counts.any(axis=0))
    return Contributions(
        languages=(ALL_LANGUAGES, *(layout.langs[number] for number in filled)),
        values=np.column_stack([whole, summed[:, filled]]),
        there=np.column_stack([counts.any(axis=1), counts[:, filled] > 0]),
    )


def macro_mean(layout: Layout, values: np.ndarray) -> float | None:
    """Average one run's scores as its summary does.

    Args:
        layout: of the rows, n in all.
        values: (n,) float64; NaN where a query has no score.

    Returns:
        The mean over queries, then over the cells that hold any; None where no query has a score.
    """
    there = ~np.isnan(values)
    if not there.any():
        return None
    return float(np.where(there, values, 0.0) @ layout.weights(there)[0])


def in_setting(tables: Sequence[pa.Table], setting: str) -> list[pa.Table]:
    """Choose the rows of a setting.

    Args:
        tables: of scores per query.
        setting: such as `monolingual`.

    Returns:
        A table for each.
    """
    return [table.filter(pc.equal(table["setting"], setting)) for table in tables]


def _numbered(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    """Return the distinct names in sorted order, and each row's number: (n,) int64."""
    encoded = column.combine_chunks().dictionary_encode()
    names = np.array(encoded.dictionary.to_pylist(), dtype=object)
    order = np.argsort(names)
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    return names[order].tolist(), rank[encoded.indices.to_numpy()]
