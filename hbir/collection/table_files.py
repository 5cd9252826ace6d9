"""Read pairs from files of rows: JSON lines, separated values, Parquet."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from hbir.collection.separated import read_separated
from hbir.collection.source import Harvest
from hbir.collection.table import TableSource, harvest, missing_column
from hbir.core.errors import DataError
from hbir.core.lines import missing, read_jsonl, readable
from hbir.core.objects.streams import Readable
from hbir.core.params import params_class
from hbir.core.tables import rows_at_once
from hbir.core.unpacked import refuse_device

_ROWS = 4096
"""Rows of Parquet held at a time, at most."""
_BYTES = 1 << 24
"""Bytes of them, about, and of a column that are read at once."""


@params_class
class FileSource(TableSource):
    """Describe a source of rows in a file."""

    path: str
    """The file, `$VARIABLE`s are resolved; or the URL of an object, such as `s3://bucket/faq.jsonl`."""


@params_class
class JsonlSource(FileSource):
    """Describe a source of kind `jsonl`: a JSON object per line, gzipped or not."""

    kind: Literal["jsonl"]


@params_class
class CsvSource(FileSource):
    """Describe a source of kind `csv`: a file whose first line names the columns, gzipped or not."""

    kind: Literal["csv"]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    r"""What stands between two values, such as `"\t"`; null: what makes the first line name the columns."""
    quoted: bool = True
    """Whether `"` around a value is no part of it; false for files that never quote."""


@params_class
class ParquetSource(FileSource):
    """Describe a source of kind `parquet`; only the columns that the source names are read."""

    kind: Literal["parquet"]


def read_jsonl_source(params: JsonlSource) -> Harvest:
    """Make a pair of every line.

    Args:
        params: the source.

    Returns:
        Its pairs.
    """
    path = _path(params)
    return harvest(params, ((f"{path}, line {line}", row) for line, row in read_jsonl(path)))


def read_csv(params: CsvSource) -> Harvest:
    """Make a pair of every row.

    Args:
        params: the source.

    Returns:
        Its pairs.
    """
    rows = read_separated(_path(params), params.columns, params.delimiter, quoted=params.quoted)
    return harvest(params, rows)


def read_parquet(params: ParquetSource) -> Harvest:
    """Make a pair of every row.

    Args:
        params: the source.

    Returns:
        Its pairs.
    """
    return harvest(params, _parquet_rows(_path(params), params))


def _path(params: FileSource) -> Readable:
    return readable(params.path, f"source {params.name}: path")


def _parquet_rows(path: Readable, params: ParquetSource) -> Iterator[tuple[str, Mapping[str, Any]]]:
    number = 0
    refuse_device(path)
    try:
        file = pq.ParquetFile(path if isinstance(path, Path) else path.open(), buffer_size=_BYTES)
        columns = _named(file.schema_arrow.names, params, path)
        for batch in _batches(file, columns):
            values = [
                _values(batch, name, f"{path}, rows {number + 1} to {number + len(batch)}") for name in columns
            ]
            for row in zip(*values, strict=True):
                number += 1
                yield f"{path}, row {number}", dict(zip(columns, row, strict=True))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise missing(path) from error
    except (pa.ArrowException, OSError) as error:
        if not isinstance(error, PermissionError) and path.is_dir():
            raise missing(path) from error
        found = f"{error} after row {number}"
        hint = "Fetch the file again, or check its permissions."
        raise DataError(where=str(path), expected="a whole Parquet file", found=found, hint=hint) from error


def _batches(file: pq.ParquetFile, columns: list[str]) -> Iterator[pa.RecordBatch]:
    for number in range(file.num_row_groups):
        rows = rows_at_once(file.metadata.row_group(number), _ROWS, _BYTES)
        yield from file.iter_batches(rows, row_groups=[number], columns=columns, use_threads=False)


def _named(names: list[str], params: ParquetSource, path: Readable) -> list[str]:
    """Choose the columns to read; the error names one that is not there, or is there twice."""
    found = [name if name in names else name.partition(".")[0].partition("[")[0] for name in params.columns]
    for column, name in zip(params.columns, found, strict=True):
        if name not in names:
            raise missing_column(str(path), column, names)
        if names.count(name) > 1:
            raise DataError(
                where=str(path),
                expected=f"one column {name!r}",
                found=str(names.count(name)),
                hint="Rename the others.",
            )
    return list(dict.fromkeys(found))


def _values(batch: pa.RecordBatch, name: str, where: str) -> list[Any]:
    try:
        values: list[Any] = batch.column(name).to_pylist()
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise DataError(
            where=f"{where}: {name}",
            expected="values that Python can hold",
            found=f"{batch.schema.field(name).type} with {error}",
            hint="Write the column anew as text, or name another one.",
        ) from error
    return values
