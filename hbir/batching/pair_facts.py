"""Check that a pair is the same one in all its languages, in 30 bytes per pair."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hbir.core.errors import DataError

_SAME = ("passage_id", "query_id", "source", "split")
"""What a pair has in common in all its languages."""


class PairFacts:
    """Hold what the pairs of the languages so far have in common, as numbers, ordered by id."""

    def __init__(self) -> None:
        """Begin without any pair."""
        self._names: dict[str, int] = {}
        """Of sources and splits."""
        self._ids = np.zeros(0, np.int64)
        self._facts = {name: np.zeros(0, _kind(name)) for name in _SAME}
        self._new: list[tuple[np.ndarray, dict[str, np.ndarray]]] = []

    def add(self, piece: pa.RecordBatch) -> None:
        """Compare pairs with those of other languages; those that are new are held from `settle` on.

        Args:
            piece: of one language, each pair once, in the order of their ids.

        Raises:
            DataError: when a pair is another one in another language.
        """
        ids = piece["pair_id"].to_numpy()
        found = {name: self._numbers(piece[name], name) for name in _SAME}
        places = np.searchsorted(self._ids, ids)
        known = places < len(self._ids)
        known[known] = self._ids[places[known]] == ids[known]
        for name in _SAME:
            wrong = self._facts[name][places[known]] != found[name][known]
            if wrong.any():
                raise _several(name, int(ids[known][wrong][0]))
        if not known.all():
            self._new.append((ids[~known], {name: values[~known] for name, values in found.items()}))

    def settle(self) -> None:
        """Take the new pairs in, at the end of a language."""
        if not self._new:
            return
        ids = np.concatenate([self._ids, *(ids for ids, _ in self._new)])
        order = np.argsort(ids, kind="stable")
        self._ids = ids[order]
        for name in _SAME:
            values = [self._facts[name], *(facts[name] for _, facts in self._new)]
            self._facts[name] = np.concatenate(values)[order]
        self._new = []

    def _numbers(self, column: pa.Array, name: str) -> np.ndarray:
        if name.endswith("_id"):
            ids: np.ndarray = column.to_numpy()
            return ids
        encoded = pc.dictionary_encode(column)
        named = [self._names.setdefault(value, len(self._names)) for value in encoded.dictionary.to_pylist()]
        found: np.ndarray = np.array(named, _kind(name))[encoded.indices.to_numpy()]
        return found


def _kind(name: str) -> type[np.generic]:
    return np.int64 if name.endswith("_id") else np.int16


def _several(name: str, pair_id: int) -> DataError:
    return DataError(
        where=f"translated pairs, pair {pair_id}",
        expected=f"one {name} per pair, the same in every language",
        found="several",
        hint="Run `dvc repro` to translate the current pairs; if it stays, two pairs have the same id.",
    )
