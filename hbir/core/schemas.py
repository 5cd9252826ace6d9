"""Define the columns of every Parquet file that passes between stages."""

import pyarrow as pa

_IDS = [("pair_id", pa.int64()), ("passage_id", pa.int64()), ("query_id", pa.int64())]
_BODY = [("source", pa.string()), ("split", pa.string()), ("query", pa.string()), ("passage", pa.string())]

TRANSLATED_SCHEMA = pa.schema([*_IDS, *_BODY])
"""Pairs of one language: `data/translated/<lang>.parquet`."""

ENGLISH_SCHEMA = pa.schema([*_IDS, *_BODY, ("query_key", pa.string()), ("passage_key", pa.string())])
"""English pairs with the codes from which a structured engine renders them: `data/english.parquet`."""

PARALLEL_SCHEMA = pa.schema(
    [("pair_id", pa.int64()), ("lang", pa.string()), ("query", pa.string()), ("passage", pa.string())]
)
"""Texts that no engine is asked for: `data/parallel.parquet`.

A pair with an English row is in these languages alone; one without is translated into all others.
"""

PAIRS_SCHEMA = pa.schema([("lang", pa.string()), *_IDS, *_BODY])
"""Pairs of all training languages, one row per pair and language: `data/pairs.parquet`."""

PLAN_SCHEMA = pa.schema(
    [
        ("step", pa.int32()),
        ("pair_id", pa.int64()),
        ("query_lang", pa.string()),
        ("passage_lang", pa.string()),
    ]
)
"""One row per example in training order: `data/batches/<sampler>.parquet`."""

TRAIN, VALIDATION = "train", "validation"
"""The values of the column `split`."""
