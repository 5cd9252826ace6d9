"""Keep the embeddings of a corpus on disk in float16, and read them back a chunk at a time.

A folder holds `embeddings.f16` (count × dimension, row by row), `keys.i64` (one per passage) and `meta.json`,
which is written last. Until then `begun.json` stands in its place, and what is there is taken up again.
It is read chunk by chunk into one array; mapped with `np.memmap`, its pages would count as memory in use.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hbir.core.errors import DataError
from hbir.core.files import read_json
from hbir.core.place import ONLY, Place

FORMAT = 1
EMBEDDINGS, KEYS, META, BEGUN = "embeddings.f16", "keys.i64", "meta.json", "begun.json"
KEY_BYTES, VALUE_BYTES = 8, 2
KEYS_AT_ONCE = 1 << 16
"""Read at once."""


class Elsewhere(ABC):
    """Embed passages in other processes, several chunks at once."""

    @abstractmethod
    def in_order(self, parts: Iterable[list[str]]) -> Generator[np.ndarray, None, None]:
        """Embed chunk after chunk.

        Args:
            parts: texts of the chunks, of which some are taken ahead.

        Yields:
            (n, d) embeddings of each, of any float type, in the order of the chunks.
        """


Embed = Callable[[list[str]], np.ndarray] | Elsewhere
"""Embeds passages: n texts → (n, d) of any float type; by itself in this process."""


class Keyed(NamedTuple):
    """Hold one passage to embed."""

    key: int
    """int64, distinct in the corpus."""
    text: str


class Chunk(NamedTuple):
    """Hold some passages that follow each other."""

    keys: np.ndarray
    """(m,) int64."""
    embeddings: np.ndarray
    """(m, d) float16."""


@dataclass(frozen=True)
class Recipe:
    """Say what an index is made of."""

    corpus: str
    """Fingerprint of the passages."""
    encoder: str
    """Fingerprint of the encoder."""
    dimension: int
    """Numbers per embedding."""


@dataclass(frozen=True)
class Index:
    """Read a finished folder."""

    folder: Path
    count: int
    dimension: int

    def key_parts(self) -> Iterator[np.ndarray]:
        """Read the keys, some after the other: (count,) int64 in all."""
        with (self.folder / KEYS).open("rb") as keys:
            while (part := np.fromfile(keys, dtype=np.int64, count=KEYS_AT_ONCE)).size:
                yield part

    def chunks(self, size: int, place: Place = ONLY) -> Iterator[Chunk]:
        """Read the embeddings from the start.

        Args:
            size: passages at once.
            place: of the process among those that read; each reads its share of the chunks.

        Yields:
            The chunks in the order of the corpus; each overwrites the embeddings of the one before.
        """
        values = np.empty((min(size, self.count), self.dimension), dtype=np.float16)
        with (self.folder / KEYS).open("rb") as keys, (self.folder / EMBEDDINGS).open("rb") as embeddings:
            for start in range(place.rank * size, self.count, place.size * size):
                keys.seek(start * KEY_BYTES)
                embeddings.seek(start * self.dimension * VALUE_BYTES)
                rows = values[: self.count - start]
                embeddings.readinto(rows.data)
                yield Chunk(np.fromfile(keys, dtype=np.int64, count=len(rows)), rows)


def bytes_of(count: int, dimension: int) -> int:
    """Return what the embeddings of a corpus take on the disk.

    Args:
        count: passages.
        dimension: numbers per embedding.

    Returns:
        Bytes.
    """
    return count * (dimension * VALUE_BYTES + KEY_BYTES)


def find_index(folder: Path, recipe: Recipe) -> Index | None:
    """Open the index in a folder, if there is a finished one.

    Args:
        folder: where it would be.
        recipe: what it must be made of.

    Returns:
        The index; None when nothing is there, or it was interrupted.

    Raises:
        DataError: when it is made of something else, finished or not, or its files are not whole.
    """
    counts = {
        name: count_in(_read(folder / name), recipe, folder, name)
        for name in (META, BEGUN)
        if (folder / name).is_file()
    }
    if META not in counts:
        return None
    check_sizes(
        {name: (folder / name).stat().st_size for name in (KEYS, EMBEDDINGS) if (folder / name).is_file()},
        counts[META],
        recipe,
        folder,
    )
    return Index(folder, counts[META], recipe.dimension)


def _read(path: Path) -> Any:
    try:
        return read_json(path)
    except DataError as error:
        raise _unusable(path, error.expected, error.found) from error


def count_in(meta: Any, recipe: Recipe, where: Path | str, name: str = META) -> int:
    """Check what a folder says of itself.

    Args:
        meta: what was read.
        recipe: what it must be made of.
        where: the folder, for a message.
        name: of the file that was read.

    Returns:
        How many passages it says that it has; 0 where it was interrupted.

    Raises:
        DataError: when it is made of something else, or says something else.
    """
    if not isinstance(meta, dict):
        raise _unusable(f"{where}/{name}", "the description of an index", type(meta).__name__)
    for key, value in {"format": FORMAT, **asdict(recipe)}.items():
        if meta.get(key) != value:
            raise _unusable(where, f"an index of {key} {str(value)[:12]}", str(meta.get(key))[:12])
    count = meta.get("count", 0)
    if not isinstance(count, int):
        raise _unusable(f"{where}/{name}", "a number of passages", repr(count))
    return count


def check_sizes(found: Mapping[str, int], count: int, recipe: Recipe, where: Path | str) -> None:
    """Check that the files of an index are whole.

    Args:
        found: name → bytes.
        count: passages.
        recipe: what it is made of.
        where: the folder, for a message.

    Raises:
        DataError: when they are not.
    """
    wanted = {KEYS: count * KEY_BYTES, EMBEDDINGS: count * recipe.dimension * VALUE_BYTES}
    for name, size in wanted.items():
        if found.get(name, 0) != size:
            raise _unusable(f"{where}/{name}", f"{size} bytes", f"{found.get(name, 0)}")


def _unusable(where: Path | str, expected: str, found: str) -> DataError:
    hint = "Delete the folder, or name another."
    return DataError(where=str(where), expected=expected, found=found, hint=hint)
