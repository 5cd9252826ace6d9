"""Look a pair up in `data/pairs.parquet` by its id or by a piece of its text, without loading the file."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from hbir.core.errors import DataError
from hbir.core.files import open_parquet, parquet_faults
from hbir.core.languages import ENGLISH
from hbir.core.schemas import PAIRS_SCHEMA

MOST = 10
"""Pairs that one look-up may find."""
_ROWS = 1 << 14
"""Read at once."""
_SIDES = ("query", "passage")


@dataclass(frozen=True, kw_only=True)
class FoundPair:
    """Hold one pair in all its languages."""

    pair_id: int
    source: str
    split: str
    texts: dict[str, tuple[str, str]]
    """Language → query and passage."""

    def shown(self, piece: str) -> str:
        """Choose the language to show a pair in.

        Args:
            piece: what was looked for.

        Returns:
            The first language whose texts hold it; else, and for an id, English or the first there is.
        """
        looked_at = {} if piece == str(self.pair_id) else self.texts
        holding = [lang for lang, texts in looked_at.items() if piece.lower() in "\n".join(texts).lower()]
        return [*holding, *({ENGLISH} & self.texts.keys()), *self.texts][0]


def find_pairs(path: Path, wanted: str) -> list[FoundPair]:
    """Look pairs up.

    Args:
        path: the pairs.
        wanted: an id; or a piece of a query or passage in any language, in any case.

    Returns:
        At least one pair and at most MOST, by id.

    Raises:
        DataError: when there is none, or there are more.
    """
    found = _pairs(path, _as_id(wanted)) or _pairs(path, _ids_with(path, wanted))
    if not found:
        raise DataError(
            where=str(path),
            expected=f"a pair with the id or the text {wanted!r}",
            found="none",
            hint="Write a short piece of its query or passage as it stands there, or its id.",
        )
    return found


def _as_id(wanted: str) -> set[int]:
    """Read an id, which has 64 bits."""
    is_number = wanted.isascii() and wanted.removeprefix("-").isdecimal()
    return {int(wanted)} if is_number and -(1 << 63) <= int(wanted) < 1 << 63 else set()


def _ids_with(path: Path, text: str) -> set[int]:
    """Return the ids of the pairs that hold a text, and refuse to find more than MOST."""
    ids: set[int] = set()
    for batch in _batches(path, ["pair_id", *_SIDES]):
        query, passage = (pc.match_substring(batch[side], text, ignore_case=True) for side in _SIDES)
        ids.update(batch["pair_id"].filter(pc.or_(query, passage)).to_pylist())
        if len(ids) > MOST:
            raise DataError(
                where=str(path),
                expected=f"at most {MOST} pairs with the text {text!r}",
                found="more",
                hint="Write more of the text, or the id of a pair.",
            )
    return ids


def _pairs(path: Path, ids: Collection[int]) -> list[FoundPair]:
    if not ids:
        return []
    wanted = pa.array(sorted(ids), pa.int64())
    found: dict[int, FoundPair] = {}
    for batch in _batches(path, ["lang", "pair_id", "source", "split", *_SIDES]):
        for row in batch.filter(pc.is_in(batch["pair_id"], wanted)).to_pylist():
            pair = FoundPair(pair_id=row["pair_id"], source=row["source"], split=row["split"], texts={})
            found.setdefault(pair.pair_id, pair).texts[row["lang"]] = (row["query"], row["passage"])
    return [found[pair_id] for pair_id in sorted(found)]


def _batches(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    file = open_parquet(path, PAIRS_SCHEMA)
    with parquet_faults(path):
        yield from file.iter_batches(_ROWS, columns=columns, use_threads=False)
