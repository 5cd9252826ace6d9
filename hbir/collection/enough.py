"""Check that what was collected can be trained on, before it is translated for hours."""

from collections import Counter

import pyarrow.compute as pc

from hbir.core.errors import DataError
from hbir.core.schemas import TRAIN, VALIDATION
from hbir.core.tables import Rows, pieces

_IDS = ("query_id", "passage_id")
LEAST_VALIDATION = 2
"""Pairs of the smallest batch that can be validated on."""


def check_enough(english: Rows, size: int) -> None:
    """Check that every source can fill a batch, and that there are validation pairs.

    No language has more pairs than English, and in a batch no query and no passage comes twice.

    Args:
        english: a table with the columns ENGLISH_SCHEMA.
        size: pairs in a batch.

    Raises:
        DataError: when there are too few; it names the largest batch that could be filled.
    """
    ids: dict[str, list[set[int]]] = {}  # of each column, until they are enough
    counts: Counter[str] = Counter()
    held_back = 0
    for piece in pieces(english, ["source", "split", *_IDS]):
        train = pc.equal(piece["split"], TRAIN)
        held_back += pc.sum(pc.equal(piece["split"], VALIDATION)).as_py() or 0
        for source in pc.unique(piece["source"]).to_pylist():
            rows = piece.filter(pc.and_(train, pc.equal(piece["source"], source)))
            counts[source] += len(rows)
            for found, name in zip(ids.setdefault(source, [set(), set()]), _IDS, strict=True):
                if len(found) < size:
                    found.update(rows[name].to_pylist())
    for source, columns in ids.items():
        different = min(map(len, columns))
        if different < size:
            fits = f"Set batches.size to {different} or less, or add" if different > 1 else "Add"
            raise DataError(
                where=f"params.yaml: collect.sources: {source}",
                expected=f"at least {size} training pairs of different queries and passages (batches.size)",
                found=f"{different} of {counts[source]} pairs",
                hint=f"{fits} pairs.",
            )
    if held_back < LEAST_VALIDATION:
        raise DataError(
            where="params.yaml: collect.sources",
            expected=f"at least {LEAST_VALIDATION} validation pairs",
            found=f"{held_back}",
            hint="Raise `validation` of a source, the share of its groups that is held back, or add pairs.",
        )
