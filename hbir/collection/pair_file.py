"""Write pairs to the disk as lines of JSON, and read them again one after the other."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hbir.collection.source import Pair, Version

_LONE = "surrogatepass"
"""Half a character, which a source may hold, is kept as it is."""


class Record(NamedTuple):
    """Hold a pair as it is written."""

    pair_id: int
    source: int
    """Its number."""
    pair: Pair


def content_of(record: Record) -> bytes:
    """Make what is written of a pair.

    Args:
        record: the pair.

    Returns:
        A line; those of many may follow each other in a file.
    """
    pair = record.pair._replace(versions=dict(record.pair.versions))
    return f"{json.dumps(record._replace(pair=pair), ensure_ascii=False)}\n".encode("utf-8", _LONE)


def records(path: Path) -> Iterator[Record]:
    """Read pairs in the order in which they were written.

    Args:
        path: a closed file.

    Yields:
        One at a time, so memory holds no more.
    """
    with path.open("rb") as stream:
        yield from map(record_of, stream)


def record_of(content: bytes) -> Record:
    """Read one pair.

    Args:
        content: its line.

    Returns:
        The pair.
    """
    pair_id, source, fields = json.loads(content.decode("utf-8", _LONE))
    pair = Pair(*fields)
    versions = {lang: Version(*texts) for lang, texts in pair.versions.items()}
    return Record(pair_id, source, pair._replace(versions=versions))
