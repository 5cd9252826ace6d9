"""Hold which pair has which grams, and give them in the order of the grams."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import numpy as np

from hbir.collection.crowds import Edges

_WAITING = 1 << 20
"""Grams that are put into one array."""
_HELD = 1 << 22
"""Entries that are held in memory at most, 12 bytes each and 40 while they are sorted; more go to the disk."""
_BITS = 8
"""Of a gram, by which entries on the disk are divided."""
_ENTRY = np.dtype([("gram", np.uint64), ("place", np.int32)])


class Entries:
    """Hold entries in memory until they are too many."""

    def __init__(self, folder: Path | None) -> None:
        """Hold nothing.

        Args:
            folder: an existing one for entries that are too many; None holds them whatever happens.
        """
        self._folder = folder
        self._files: TemporaryDirectory[str] | None = None
        self._waiting: list[tuple[int, np.ndarray]] = []
        self._parts: list[np.ndarray] = []
        self._counts = [0, 0]  # of grams that wait, and of entries in the parts

    def __enter__(self) -> Self:
        """Return the entries themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what is on the disk."""
        if self._files:
            self._files.cleanup()

    def add(self, place: int, grams: np.ndarray) -> None:
        """Add a pair; pairs come in the order of their places.

        Args:
            place: of the pair.
            grams: (k,) uint64.
        """
        self._waiting.append((place, grams))
        self._counts[0] += len(grams)
        if self._counts[0] >= _WAITING:
            self._settle()

    def ordered(self) -> Iterator[Edges]:
        """List all entries; they may be listed again.

        Yields:
            Grams (m,) uint64 ascending, and (m,) int32 places, ascending where grams are equal. No gram is in
            two parts.
        """
        self._settle()
        if self._files is None:
            yield _sorted(np.concatenate([*self._parts, np.zeros(0, _ENTRY)]))
            return
        self._spill()
        for path in sorted(Path(self._files.name).iterdir()):
            yield _sorted(np.fromfile(path, _ENTRY))

    def _settle(self) -> None:
        part = np.empty(self._counts[0], _ENTRY)
        part["gram"] = np.concatenate([*(grams for _, grams in self._waiting), np.zeros(0, np.uint64)])
        places = np.array([place for place, _ in self._waiting], np.int32)
        part["place"] = np.repeat(places, [len(grams) for _, grams in self._waiting])
        self._parts.append(part)
        self._counts = [0, self._counts[1] + len(part)]
        self._waiting = []
        if self._folder and self._counts[1] > _HELD:
            self._spill()

    def _spill(self) -> None:
        """Write what is held behind what was written; files in the order of their names have that of grams."""
        if self._files is None:
            self._files = TemporaryDirectory(dir=self._folder)
        held = np.concatenate([*self._parts, np.zeros(0, _ENTRY)])
        numbers = (held["gram"] >> np.uint64(64 - _BITS)).astype(np.uint8)
        held = held[np.argsort(numbers, kind="stable")]
        ends = np.cumsum(np.bincount(numbers, minlength=1 << _BITS))
        for number, part in enumerate(np.split(held, ends[:-1])):
            if len(part):
                with (Path(self._files.name) / f"{number:03}").open("ab") as stream:
                    part.tofile(stream)
        self._parts, self._counts = [], [0, 0]


def _sorted(entries: np.ndarray) -> Edges:
    order = np.argsort(entries["gram"], kind="stable")  # they were added in the order of their places
    return entries["gram"][order], entries["place"][order]
