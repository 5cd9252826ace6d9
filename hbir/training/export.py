"""Write a plan with its texts, so that another trainer can go through the same batches."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hbir.batching.plan import Batch, Plan
from hbir.core.files import atomic_file
from hbir.training.texts import PairTexts

KEY = b"hbir"
"""Of what the plan says about itself, in the file's metadata."""
EXPORT_SCHEMA = pa.schema(
    [
        ("anchor", pa.string()),
        ("positive", pa.string()),
        ("step", pa.int32()),
        ("pair_id", pa.int64()),
        ("query_lang", pa.string()),
        ("passage_lang", pa.string()),
    ]
)
"""A row per example in training order: the texts, named and placed as sentence-transformers does, then the
plan's own columns."""
_PART = 1 << 15
"""Examples of which the texts are held at once."""


def planned_examples(
    plan: Plan, texts: PairTexts, start: int = 0, stop: int | None = None
) -> Iterator[pa.Table]:
    """Put the texts beside the examples of a plan, without prompts.

    Args:
        plan: made from the pairs.
        texts: of the pairs.
        start: the first step, from 0.
        stop: the step after the last; None for all.

    Yields:
        Parts of whole steps with the columns of EXPORT_SCHEMA.

    Raises:
        DataError: when the pairs lack one that the plan names.
    """
    end = plan.steps if stop is None else stop
    most = max(1, _PART // plan.batch_size)
    for first in range(start, end, most):
        last = min(first + most, end)
        rows = plan.rows(first, last)
        query_langs, passage_langs = rows.names(rows.query_langs), rows.names(rows.passage_langs)
        places = texts.rows(Batch(rows.pair_ids, query_langs, passage_langs))
        columns = {
            "anchor": texts.texts("query", places["query"]),
            "positive": texts.texts("document", places["document"]),
            "step": [step for step in range(first, last) for _ in range(plan.batch_size)],
            "pair_id": rows.pair_ids,
            "query_lang": query_langs,
            "passage_lang": passage_langs,
        }
        yield pa.table(columns, schema=EXPORT_SCHEMA)


def export_plan(path: Path, plan: Plan, texts: PairTexts) -> None:
    """Write a plan with its texts part by part, the same bytes for the same plan and pairs.

    Args:
        path: the Parquet file, which `datasets` reads; `hbir.training.replay` gives its batches to a trainer.
        plan: made from the pairs.
        texts: of the pairs.
    """
    metadata = {KEY: json.dumps(plan.metadata, sort_keys=True)}
    schema = EXPORT_SCHEMA.with_metadata(metadata)
    with atomic_file(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in planned_examples(plan, texts):
            writer.write_table(part.replace_schema_metadata(metadata))
