"""Index the pairs of a split by source and language, with everything that two of them could collide in."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hbir.core.errors import PlanError
from hbir.core.schemas import TRAIN
from hbir.core.text import normalise


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
    def of(cls, pairs: pa.Table, split: str = TRAIN) -> "Inventory":
        """Index the pairs of one split.

        Args:
            pairs: rows in the format PAIRS.
            split: which pairs count; the others are passed over.

        Returns:
            The inventory over all languages of the table.

        Raises:
            PlanError: when the split has no pair.
        """
        chosen = pairs.filter(pc.equal(pairs["split"], split)).combine_chunks()
        if not chosen.num_rows:
            raise PlanError(
                where="data/pairs.parquet",
                expected=f"{split} pairs",
                found="none",
                hint="Add pairs, or change `validation` of a source, the share that is held back.",
            )
        languages = sorted(pc.unique(pairs["lang"]).to_pylist())
        pair_ids, first, row = np.unique(chosen["pair_id"].to_numpy(), return_index=True, return_inverse=True)
        column = pc.index_in(chosen["lang"], pa.array(languages)).to_numpy()
        sources, source = np.unique(np.array(chosen["source"].to_pylist())[first], return_inverse=True)
        cells = _Cells(row, column, (len(pair_ids), len(languages)))
        sets, set_of = _distinct(cells.filled(np.ones(len(row), dtype=bool)))
        passages, queries, passage_texts, query_texts = _disjoint(
            np.unique(chosen["passage_id"].to_numpy()[first], return_inverse=True)[1],
            np.unique(chosen["query_id"].to_numpy()[first], return_inverse=True)[1],
            _text_codes(chosen["passage"]),
            _text_codes(chosen["query"]),
        )
        return cls(
            languages=languages,
            sources=sources.tolist(),
            pair_ids=pair_ids,
            source=source,
            sets=sets,
            set_of=set_of,
            passages=passages,
            queries=queries,
            passage_texts=cells.filled(passage_texts),
            query_texts=cells.filled(query_texts),
        )


@dataclass(frozen=True)
class _Cells:
    row: np.ndarray
    column: np.ndarray
    shape: tuple[int, int]

    def filled(self, values: np.ndarray) -> np.ndarray:
        table = np.zeros(self.shape, dtype=values.dtype)
        table[self.row, self.column] = values
        return table


def _text_codes(texts: pa.ChunkedArray) -> np.ndarray:
    encoded = texts.combine_chunks().dictionary_encode()
    seen: dict[str, int] = {}
    codes = [seen.setdefault(normalise(text), len(seen)) for text in encoded.dictionary.to_pylist()]
    row_codes: np.ndarray = np.array(codes)[encoded.indices.to_numpy()]
    return row_codes


def _disjoint(*kinds: np.ndarray) -> list[np.ndarray]:
    """Number the keys of all kinds through, above 0, in the smallest type that holds them all."""
    starts = np.cumsum([1, *(int(codes.max()) + 1 for codes in kinds)])
    kind = np.int32 if starts[-1] <= np.iinfo(np.int32).max else np.int64
    return [(codes + start).astype(kind) for codes, start in zip(kinds, starts[:-1], strict=True)]


def _distinct(has: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the few sets of languages that occur: (p, l) those sets, (n,) which one each row has."""
    packed = np.packbits(has, axis=1)  # (n, bytes)
    names = np.frombuffer(packed.tobytes(), dtype=f"S{packed.shape[1]}")  # (n,)
    _, first, number = np.unique(names, return_index=True, return_inverse=True)
    return has[first], number.astype(np.min_scalar_type(len(first)))
