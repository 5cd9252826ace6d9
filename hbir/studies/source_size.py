"""Count the pairs of a source, and their text, without reading all of it."""

from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from hbir.collection.source import KEYS, PARALLEL, Kind, Named
from hbir.core.errors import HbirError
from hbir.core.lines import opened, read_jsonl, readable
from hbir.core.objects.streams import Readable
from hbir.studies.amounts import UNKNOWN, Amount, about, exactly

READ = 1 << 25
"""Bytes of a file that are read; of a longer one the rest is taken to be like them."""
_FIRST = 100
"""Rows of a file of parallel texts in which languages are counted."""
TEXT_BYTES = 5 * 112
"""Of a pair in one language where no file is at hand: 112 tokens of five bytes, assumed."""


class Size(NamedTuple):
    """Hold how much a source gives, before anything is left out."""

    pairs: Amount
    text: Amount
    """Bytes of a pair in one language."""
    languages: float | None = None
    """That a pair comes in, in the mean; None where the params alone decide, or nobody has looked."""


def size_of_source(kind: Kind, source: Named) -> Size:
    """Count the pairs of a source.

    Args:
        kind: of the source.
        source: its params.

    Returns:
        How many; of rows that `only`, cleaning or repetition leave out some are counted too.
    """
    if kind.gives == KEYS:
        return _of_all(kind, source)
    found = _of_file(kind, source) or _as_expected(source)
    limit = getattr(source, "limit", None)
    if limit is not None and (found.pairs.value is None or found.pairs.value > limit):
        return found._replace(pairs=about(limit))
    return found


def _of_all(kind: Kind, source: Named) -> Size:
    """Read a source that is small."""
    lengths = [len(f"{pair.query}{pair.passage}".encode()) for pair in kind.read(source).pairs]
    return Size(exactly(len(lengths)), about(sum(lengths) / max(1, len(lengths))))


def _as_expected(source: Named) -> Size:
    expected = getattr(source, "expected_pairs", None)
    return Size(UNKNOWN if expected is None else about(expected), about(TEXT_BYTES))


def _of_file(kind: Kind, source: Any) -> Size | None:
    """Look into a source's file; None where it has none, or it is not at hand."""
    if not getattr(source, "path", None):
        return None
    try:
        path = readable(source.path, f"source {source.name}: path")
        is_there = path.is_file()
    except HbirError:
        return None
    if not is_there:
        return None
    if source.kind == "parquet":
        return _of_parquet(path, source.outer_columns)
    if source.kind == "squad":
        return _of_all(kind, source)
    lines, size = _lines(path)
    each = size / max(1.0, lines.value or 0)
    if kind.gives == PARALLEL:
        languages = _languages(path)
        return Size(lines, about(each / languages), languages)
    header = 1 if source.kind == "csv" else 0
    return Size(about(max(0.0, (lines.value or 0) - header)), about(each))


def _languages(path: Readable) -> float:
    """Count in how many languages the first rows of a file are, in the mean."""
    counts = [len(row.get("text") or ()) for _, row in islice(read_jsonl(path), _FIRST)]
    return max(1.0, sum(counts) / max(1, len(counts)))


def _of_parquet(path: Readable, columns: list[str]) -> Size | None:
    try:
        metadata = pq.read_metadata(path if isinstance(path, Path) else path.open())
    except (OSError, pa.ArrowException):
        return None
    size = 0
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        chunks = map(group.column, range(group.num_columns))
        size += sum(
            chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema.split(".")[0] in columns
        )
    return Size(about(metadata.num_rows), about(size / max(1, metadata.num_rows)))


def _lines(path: Readable) -> tuple[Amount, float]:
    """Count the lines of a file and the bytes of their text, whether it is gzipped or not."""
    with opened(path) as stream:
        head = stream.read(READ)
        is_whole = not stream.read(1)
        packed = getattr(stream, "fileobj", stream).tell()
    lines = head.count(b"\n") + (is_whole and not head.endswith(b"\n") and bool(head))
    if is_whole:
        return exactly(lines), len(head)
    share = path.stat().st_size / packed
    return about(round(lines * share)), len(head) * share
