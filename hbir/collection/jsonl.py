"""Read pairs from a file of one JSON object per line."""

from typing import Literal

from hbir.collection.source import Harvest
from hbir.collection.table import TableSource, harvest
from hbir.core.lines import expanded, read_jsonl
from hbir.core.params import params_class


@params_class
class JsonlSource(TableSource):
    """Describe a source of kind `jsonl`."""

    kind: Literal["jsonl"]
    path: str
    """A `.jsonl` or `.jsonl.gz` file; `$VARIABLE`s are resolved."""


def read(params: JsonlSource) -> Harvest:
    """Make a pair of every line.

    Args:
        params: the source.

    Returns:
        Its pairs.
    """
    path = expanded(params.path, f"source {params.name}: path")
    return harvest(params, ((f"{path}, line {line}", row) for line, row in read_jsonl(path)))
