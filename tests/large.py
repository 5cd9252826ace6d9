"""Make a table with more than 2 GiB of text in one column, in a few MB of memory: many pieces are one array."""

import pyarrow as pa

from hbir.core.schemas import PAIRS_SCHEMA

LONGEST = 1 << 20
ROWS = (1 << 31) // LONGEST + 3


def large_pairs() -> pa.Table:
    """Make pairs in one language; the passages are equal, the queries are not."""
    passage = pa.chunked_array([pa.array(["x" * LONGEST])] * ROWS)
    numbers = pa.array(range(ROWS), pa.int64())
    columns = {
        "lang": ["aa"] * ROWS,
        "pair_id": numbers,
        "passage_id": pa.array([0] * ROWS, pa.int64()),
        "query_id": numbers,
        "source": ["toy"] * ROWS,
        "split": ["train"] * ROWS,
        "query": [f"query {number}" for number in range(ROWS)],
        "passage": passage,
    }
    return pa.table(columns, schema=PAIRS_SCHEMA)
