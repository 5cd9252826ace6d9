"""Write pairs to the disk, and read them again one after the other."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hbir.collection.source import Pair


class Record(NamedTuple):
    """Hold a pair as it is written; only the process that wrote it reads it."""

    pair_id: int
    source: int
    """Its number."""
    pair: Pair


def content_of(record: Record) -> bytes:
    """Make what is written of a pair.

    Args:
        record: the pair.

    Returns:
        Its bytes; those of many may follow each other in a file.
    """
    pair = record.pair._replace(versions=dict(record.pair.versions))
    return pickle.dumps(record._replace(pair=pair), pickle.HIGHEST_PROTOCOL)


def records(path: Path) -> Iterator[Record]:
    """Read pairs in the order in which they were written.

    Args:
        path: a closed file.

    Yields:
        One at a time, so memory holds no more.
    """
    with path.open("rb") as stream:
        while stream.peek(1):
            yield pickle.load(stream)


def record_of(content: bytes) -> Record:
    """Read one pair.

    Args:
        content: its bytes.

    Returns:
        The pair.
    """
    record: Record = pickle.loads(content)
    return record
