"""Read pairs that exist in several languages already."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hbir.benchmarks.parallel_rows import ENGLISH, Reading, is_held_out, read_rows
from hbir.collection.source import Harvest, Pair, TextSource, Version
from hbir.core.lines import expanded
from hbir.core.params import params_class


@params_class
class ParallelSource(TextSource, Reading):
    """Describe a source of kind `parallel`, whose texts skip translation."""

    kind: Literal["parallel"]
    path: str
    """A `.jsonl` or `.jsonl.gz` file of `{id, text: {language: …}}`; `$VARIABLE`s are resolved."""
    held_out: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the documents, ids up to `#`, left to the benchmark `parallel/…` of the same `held_out`."""


def read(params: ParallelSource) -> Harvest:
    """Make a pair of every row that has English, with its versions in the other languages.

    Args:
        params: the source.

    Returns:
        Its pairs, those of one document on one side; what is left out is counted.
    """
    dropped: Counter[str] = Counter()
    return Harvest(_pairs(params, expanded(params.path, f"source {params.name}: path"), dropped), dropped)


def _pairs(params: ParallelSource, path: Path, dropped: Counter[str]) -> Iterator[Pair]:
    for row in read_rows(path, params, dropped):
        if is_held_out(row.document, params.held_out):
            dropped["held-out document"] += 1
            continue
        versions = {lang: Version(*text) for lang, text in row.versions.items()}
        english = versions.pop(ENGLISH)
        yield Pair(english.query, english.passage, group=row.document, versions=versions)
