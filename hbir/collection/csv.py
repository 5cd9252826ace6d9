"""Read pairs from a file of separated values with a header."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hbir.collection.source import Harvest
from hbir.collection.table import TableSource, harvest
from hbir.core.lines import broken, expanded, read_lines
from hbir.core.params import params_class

_LONGEST_FIELD = 1 << 24
"""Characters; the module's own limit is shorter than some articles."""


@params_class
class CsvSource(TableSource):
    """Describe a source of kind `csv`."""

    kind: Literal["csv"]
    path: str
    """A file whose first line names the columns, gzipped or not; `$VARIABLE`s are resolved."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    r"""What stands between two values; `"\t"` for TSV."""
    quoted: bool = True
    """Whether `"` around a value is no part of it; false for files that never quote."""


def read(params: CsvSource) -> Harvest:
    """Make a pair of every row.

    Args:
        params: the source.

    Returns:
        Its pairs.
    """
    path = expanded(params.path, f"source {params.name}: path")
    return harvest(params, _rows(path, params))


def _rows(path: Path, params: CsvSource) -> Iterator[tuple[str, dict[str, str]]]:
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(
        (f"{text}\n" for _, text in read_lines(path)),
        delimiter=params.delimiter,
        quoting=csv.QUOTE_MINIMAL if params.quoted else csv.QUOTE_NONE,
        strict=True,
    )
    try:
        header = next(reader, [])
        if len(set(header)) != len(header):
            raise broken(path, 1, "columns of different names", ", ".join(header))
        for row in reader:
            if row and len(row) != len(header):
                raise broken(path, reader.line_num, f"{len(header)} values", str(len(row)))
            if row:
                yield f"{path}, line {reader.line_num}", dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise broken(path, reader.line_num, "separated values", str(error)) from error
