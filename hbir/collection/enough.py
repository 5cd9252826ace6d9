"""Check that what was collected can be trained on, before it is translated for hours."""

import pyarrow as pa
import pyarrow.compute as pc

from hbir.core.errors import DataError
from hbir.core.schemas import TRAIN, VALIDATION

LEAST_VALIDATION = 2
"""Pairs of the smallest batch that can be validated on."""


def check_enough(english: pa.Table, size: int) -> None:
    """Check that every source can fill a batch, and that there are validation pairs.

    No language has more pairs than English, and in a batch no query and no passage comes twice.

    Args:
        english: a table with the columns ENGLISH_SCHEMA.
        size: pairs in a batch.

    Raises:
        DataError: when there are too few; it names the largest batch that could be filled.
    """
    train = english.filter(pc.equal(english["split"], TRAIN))
    for source in pc.unique(english["source"]).to_pylist():
        rows = train.filter(pc.equal(train["source"], source))
        different = min(pc.count_distinct(rows[name]).as_py() for name in ("query_id", "passage_id"))
        if different < size:
            fits = f"Set batches.size to {different} or less, or add" if different > 1 else "Add"
            raise DataError(
                where=f"params.yaml: collect.sources: {source}",
                expected=f"at least {size} training pairs of different queries and passages (batches.size)",
                found=f"{different} of {len(rows)} pairs",
                hint=f"{fits} pairs.",
            )
    held_back = pc.sum(pc.equal(english["split"], VALIDATION)).as_py() or 0
    if held_back < LEAST_VALIDATION:
        raise DataError(
            where="params.yaml: collect.sources",
            expected=f"at least {LEAST_VALIDATION} validation pairs",
            found=f"{held_back}",
            hint="Raise `validation` of a source, the share of its groups that is held back, or add pairs.",
        )
