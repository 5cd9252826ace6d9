"""Read pairs from a Parquet file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from hbir.collection.source import Harvest
from hbir.collection.table import TableSource, harvest
from hbir.core.errors import DataError
from hbir.core.lines import expanded, missing
from hbir.core.params import params_class

_ROWS = 4096
"""Rows held at a time."""


@params_class
class ParquetSource(TableSource):
    """Describe a source of kind `parquet`."""

    kind: Literal["parquet"]
    path: str
    """A `.parquet` file; `$VARIABLE`s are resolved."""


def read(params: ParquetSource) -> Harvest:
    """Make a pair of every row.

    Args:
        params: the source.

    Returns:
        Its pairs.
    """
    return harvest(params, _rows(expanded(params.path, f"source {params.name}: path")))


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if not path.is_file():
        raise missing(path)
    number = 0
    try:
        for batch in pq.ParquetFile(path).iter_batches(_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield f"{path}, row {number}", row
    except (pa.ArrowInvalid, OSError) as error:
        found = f"{error} after row {number}"
        hint = "Fetch the file again."
        raise DataError(where=str(path), expected="a whole Parquet file", found=found, hint=hint) from error
