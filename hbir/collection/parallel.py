"""Read pairs that exist in several languages already."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hbir.benchmarks.parallel import ParallelParams
from hbir.benchmarks.parallel_rows import Reading, is_held_out, read_rows
from hbir.benchmarks.params import BenchmarkParams, data_folder
from hbir.collection.source import Harvest, Named, Pair, TextSource, Version
from hbir.core.lines import readable
from hbir.core.objects.streams import Readable
from hbir.core.objects.urls import is_url
from hbir.core.params import params_class

logger = logging.getLogger(__name__)


@params_class
class ParallelSource(TextSource, Reading):
    """Describe a source of kind `parallel`, whose texts skip translation."""

    kind: Literal["parallel"]
    path: str
    """A `.jsonl` or `.jsonl.gz` file of `{id, text: {language: …}}`, `$VARIABLE`s are resolved; or its URL."""
    held_out: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the documents, ids up to `#`, left to the benchmark `parallel/…` of the same `held_out`."""


def read(params: ParallelSource) -> Harvest:
    """Make a pair of every row that has the pivot, with its versions in the other languages.

    Args:
        params: the source.

    Returns:
        Its pairs, those of one document on one side; what is left out is counted.
    """
    dropped: Counter[str] = Counter()
    return Harvest(_pairs(params, _path(params), dropped), dropped)


def warn_of_shares(sources: Iterable[Named], benchmarks: Iterable[BenchmarkParams]) -> None:
    """Warn of held-out documents that a source collects although a benchmark asks for them.

    Args:
        sources: of every kind.
        benchmarks: those of the leak guard.
    """
    for source, benchmark in product(sources, benchmarks):
        if not isinstance(source, ParallelSource) or not isinstance(benchmark, ParallelParams):
            continue
        if _is_same_file(source, benchmark) and benchmark.held_out > source.held_out:
            logger.warning(
                "%s holds out %g of the documents, source %s of that file %g: the others are trained on too",
                benchmark.where,
                benchmark.held_out,
                source.name,
                source.held_out,
            )


def _is_same_file(source: ParallelSource, benchmark: ParallelParams) -> bool:
    path = _path(source)
    if not isinstance(path, Path):
        return source.path == benchmark.data
    file = None if benchmark.data and is_url(benchmark.data) else data_folder(benchmark)
    return file is not None and file.resolve() == path.resolve()


def _path(params: ParallelSource) -> Readable:
    return readable(params.path, f"source {params.name}: path")


def _pairs(params: ParallelSource, path: Readable, dropped: Counter[str]) -> Iterator[Pair]:
    for row in read_rows(path, params, dropped):
        if is_held_out(row.document, params.held_out):
            dropped["held-out document"] += 1
            continue
        versions = {lang: Version(*text) for lang, text in row.versions.items()}
        pivot = versions.pop(params.pivot)
        yield Pair(*pivot, group=row.document, versions=versions, translate=False, lang=params.pivot)
