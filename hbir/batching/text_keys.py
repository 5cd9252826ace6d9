"""Number texts so that those that read the same have the same number, without holding any text."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa

from hbir.core.disk_faults import write_faults
from hbir.core.hashing import content_id
from hbir.core.spill import spill_folder
from hbir.core.text import normalise

_HELD = 1 << 24
"""Texts of which the hashes are sorted at once, 32 bytes each; more are sorted in parts."""
_BLOCK = 1 << 22
"""Hashes that are looked at together."""
_BITS = 64


class TextHashes:
    """Hold a hash of the normalised text of every pair and language; 0 where there is none.

    Two texts have the same hash by chance in one of 70 tables of 720 million texts. The two would only never
    stand in one batch.
    """

    def __init__(self, flat: np.ndarray, shape: tuple[int, int]) -> None:
        """Begin with no text.

        Args:
            flat: (n · l,) zeros, to be filled.
            shape: (n, l) pairs and languages.
        """
        self._flat = flat
        self._shape = shape

    def put(self, cells: np.ndarray, texts: pa.Array) -> None:
        """Hash texts.

        Args:
            cells: (m,) where they go, in the flat table.
            texts: (m,) of them.
        """
        encoded = texts.dictionary_encode()
        hashes = np.array([_hash(text) for text in encoded.dictionary.to_pylist()], np.uint64)
        self._flat[cells] = hashes[encoded.indices.to_numpy()]

    def keys(self) -> tuple[np.ndarray, int]:
        """Number the different texts.

        Returns:
            (n, l) integers from 1, 0 where there is no text; and the largest.
        """
        keys = np.zeros(len(self._flat), np.int32 if len(self._flat) < np.iinfo(np.int32).max else np.int64)
        parts = max(0, (len(self._flat) - 1) // _HELD).bit_length()
        largest = 0
        for part in range(1 << parts):
            places = np.concatenate([*self._places(part, parts), np.zeros(0, np.int64)])
            different, number = np.unique(self._flat[places], return_inverse=True)
            keys[places] = number + (1 + largest)
            largest += len(different)
        return keys.reshape(self._shape), largest

    def _places(self, part: int, parts: int) -> Iterator[np.ndarray]:
        """Find the hashes that begin with some bits."""
        for start in range(0, len(self._flat), _BLOCK):
            block = self._flat[start : start + _BLOCK]
            chosen = block != 0
            if parts:
                chosen &= block >> np.uint64(_BITS - parts) == part
            yield np.flatnonzero(chosen) + start


@contextmanager
def text_hashes(shape: tuple[int, int]) -> Iterator[TextHashes]:
    """Make room for hashes, in memory or, where there are many, in a file that is mapped into it.

    Args:
        shape: (n, l) pairs and languages.

    Yields:
        Hashes to be put.

    Raises:
        DataError: when the disk is full.
    """
    count = shape[0] * shape[1]
    if count <= _HELD:
        yield TextHashes(np.zeros(count, np.uint64), shape)
        return
    with spill_folder() as folder:
        yield TextHashes(_mapped(folder / "hashes", count), shape)


def _mapped(path: Path, count: int) -> np.ndarray:
    """Map a new file of zeros. Its room is taken first: the system kills who writes to a page that has none."""
    with write_faults(path), path.open("wb") as stream:
        stream.truncate(count * _BITS // 8)
        if hasattr(os, "posix_fallocate"):  # not on macOS
            os.posix_fallocate(stream.fileno(), 0, count * _BITS // 8)
    return np.memmap(path, np.uint64, "r+", shape=(count,))


def _hash(text: str) -> int:
    return content_id(normalise(text)) % (1 << _BITS) or 1
