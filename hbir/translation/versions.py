"""Look up the texts that came translated, beside the English pairs."""

from collections.abc import Iterator
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from hbir.core.languages import ENGLISH
from hbir.core.tables import Rows, pieces
from hbir.translation.checks.rejection import SIDES, Texts

_Row = tuple[int, str, str, str]
"""Pair, language, query and passage."""


class Versions:
    """Go through texts in one language, and through those in English, which say that a pair has no others."""

    def __init__(self, parallel: Rows, target: str) -> None:
        """Stand before the first.

        Args:
            parallel: a table with the columns PARALLEL_SCHEMA, sorted by pair.
            target: the language.
        """
        self._target = target
        self._rows = chain.from_iterable(_rows(piece, target) for piece in pieces(parallel))
        self._next = next(self._rows, None)

    def up_to(self, last: int) -> tuple[dict[int, Texts], set[int]]:
        """Read on.

        Args:
            last: the id of the last pair that is wanted.

        Returns:
            `pair_id` → its texts in the language; and the pairs that are in the languages of their rows alone.
        """
        versions, complete = {}, set()
        while self._next and self._next[0] <= last:
            pair_id, lang, *texts = self._next
            if lang == self._target:
                versions[pair_id] = texts[0], texts[1]
            if lang == ENGLISH:
                complete.add(pair_id)
            self._next = next(self._rows, None)
        return versions, complete


def _rows(piece: pa.RecordBatch, target: str) -> Iterator[_Row]:
    chosen = piece.filter(pc.is_in(piece["lang"], pa.array([target, ENGLISH])))
    return zip(*(chosen[name].to_pylist() for name in ("pair_id", "lang", *SIDES)), strict=True)
