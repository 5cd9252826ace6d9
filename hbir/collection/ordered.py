"""Put more pairs than the memory holds into the order of their ids.

Ids are hashes, so their leading bits divide pairs evenly. A part that fits into the memory is sorted there; a
larger one is divided by the next bits.
"""

from collections.abc import Iterator
from pathlib import Path

from hbir.collection.pair_file import Record, content_of, records
from hbir.collection.pair_store import merged, size_of

_BITS = 6
_HALF = 1 << 63
"""Ids have a sign."""
_WAITING = 1 << 24
"""Bytes that are written at once, so that no file stays open."""


class Parts:
    """Divide pairs by the leading bits of their ids, or by those that come after."""

    def __init__(self, folder: Path, level: int = 0) -> None:
        """Begin without any pair.

        Args:
            folder: one that does not exist yet.
            level: how often they were divided before.
        """
        folder.mkdir()
        self._shift, self._level = max(0, 64 - _BITS * (level + 1)), level
        self._paths = [folder / f"{number:02}" for number in range(1 << _BITS)]
        self._waiting: list[list[bytes]] = [[] for _ in self._paths]
        self._size = 0

    def add(self, record: Record) -> None:
        """Write a pair.

        Args:
            record: the pair.
        """
        number = (record.pair_id + _HALF >> self._shift) & ((1 << _BITS) - 1)
        content = content_of(record)
        self._waiting[number].append(content)
        self._size += len(content)
        if self._size > _WAITING:
            self._write()

    def _write(self) -> None:
        for path, waiting in zip(self._paths, self._waiting, strict=True):
            if waiting:
                with path.open("ab") as stream:
                    stream.writelines(waiting)
                waiting.clear()
        self._size = 0

    def ordered(self, memory: int) -> Iterator[Record]:
        """Read the pairs in the order of their ids, each once, and remove them from the disk.

        Args:
            memory: bytes that pairs may take at a time.

        Yields:
            Pairs; of those with one id the first, with the languages of all.
        """
        self._write()
        for path in filter(Path.exists, self._paths):
            found = _each_once(path, memory)
            if found is None:
                parts = Parts(path.with_name(f"{path.name}.parts"), self._level + 1)
                for record in records(path):
                    parts.add(record)
                path.unlink()
                yield from parts.ordered(memory)
            else:
                path.unlink()
                yield from (found[pair_id] for pair_id in sorted(found))


def _each_once(path: Path, memory: int) -> dict[int, Record] | None:
    """Hold the pairs of a file by their ids; None where different ones take more than the memory."""
    found: dict[int, Record] = {}
    size = 0
    for record in records(path):
        first = found.get(record.pair_id)
        if first is None:
            found[record.pair_id] = record
            size += size_of(record.pair)
        else:
            again = first._replace(pair=merged(first.pair, record.pair))
            found[record.pair_id] = again
            size += size_of(again.pair) - size_of(first.pair)
        if size > memory and len(found) > 1:
            return None
    return found
