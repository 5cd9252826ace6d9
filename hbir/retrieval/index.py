"""Keep the embeddings of a corpus on disk in float16, and read them back a chunk at a time.

A folder holds `embeddings.f16` (count × dimension, row by row), `keys.i64` (one per passage) and `meta.json`,
which is written last. Until then `begun.json` stands in its place, and what is there is taken up again.
It is read chunk by chunk into one array; mapped with `np.memmap`, its pages would count as memory in use.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock
from tqdm import tqdm

from hbir.core.disk_faults import write_faults
from hbir.core.errors import DataError, ModelError
from hbir.core.files import read_json, write_json

FORMAT = 1
EMBEDDINGS, KEYS, META, BEGUN = "embeddings.f16", "keys.i64", "meta.json", "begun.json"
_KEY_BYTES, _VALUE_BYTES = 8, 2
_KEYS = 1 << 16
"""Read at once."""

Embed = Callable[[list[str]], np.ndarray]
"""Embeds passages: n texts → (n, d) of any float type."""


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
            while (part := np.fromfile(keys, dtype=np.int64, count=_KEYS)).size:
                yield part

    def chunks(self, size: int) -> Iterator[Chunk]:
        """Read the embeddings from the start.

        Args:
            size: passages at once.

        Yields:
            The chunks in the order of the corpus; each overwrites the embeddings of the one before.
        """
        values = np.empty((min(size, self.count), self.dimension), dtype=np.float16)
        with (self.folder / KEYS).open("rb") as keys, (self.folder / EMBEDDINGS).open("rb") as embeddings:
            for start in range(0, self.count, size):
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
    return count * (dimension * _VALUE_BYTES + _KEY_BYTES)


def embedded(passages: Iterable[Keyed], embed: Embed, size: int) -> Iterator[Chunk]:
    """Embed a stream of passages, a chunk at a time.

    The embeddings are rounded to float16 as on disk, so that scores do not depend on whether they were kept.

    Args:
        passages: the corpus.
        embed: the encoder.
        size: passages at once.

    Yields:
        The chunks in the order of the corpus.

    Raises:
        ModelError: when an embedding is no number, or too large for float16.
    """
    stream = iter(passages)
    while part := list(islice(stream, size)):
        with np.errstate(over="ignore"):
            embeddings = np.asarray(embed([passage.text for passage in part])).astype(np.float16)  # (m, d)
        if not np.isfinite(embeddings).all():
            bad = int(np.flatnonzero(~np.isfinite(embeddings).all(axis=1))[0])
            raise ModelError(
                where="the model's passage embeddings",
                expected=f"numbers within float16, at most {np.finfo(np.float16).max:.0f}",
                found=f"others for {part[bad].text[:60]!r}",
                hint="Check the model, or add a Normalize module to it.",
            )
        yield Chunk(np.array([passage.key for passage in part], dtype=np.int64), embeddings)


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
    for name in (META, BEGUN):
        if (folder / name).is_file():
            _check_recipe(folder, _read_meta(folder / name), recipe)
    if not (folder / META).is_file():
        return None
    count = int(_read_meta(folder / META).get("count", 0))
    wanted = {KEYS: count * _KEY_BYTES, EMBEDDINGS: count * recipe.dimension * _VALUE_BYTES}
    for name, size in wanted.items():
        found = (folder / name).stat().st_size if (folder / name).is_file() else 0
        if found != size:
            raise _unusable(folder / name, f"{size} bytes", f"{found}")
    return Index(folder, count, recipe.dimension)


def build_index(folder: Path, passages: Iterable[Keyed], embed: Embed, recipe: Recipe, size: int) -> Index:
    """Embed a corpus into a folder, or what of it an interrupted run has left to do.

    Args:
        folder: where; made when it is not there.
        passages: the corpus.
        embed: the encoder.
        recipe: what the index is made of.
        size: passages embedded and written at once.

    Returns:
        The finished index, which is the same byte for byte as if it had been made in one go.

    Raises:
        DataError: when the folder holds something else, or the disk is full.
        ModelError: when an embedding cannot be kept, or has another dimension.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"), write_faults(folder):
        if found := find_index(folder, recipe):
            return found  # another process has made it in the meantime
        write_json(folder / BEGUN, {"format": FORMAT, **asdict(recipe)})
        done = _kept_rows(folder, recipe.dimension, size)
        count = done + _append(folder, embedded(islice(passages, done, None), embed, size), recipe, done)
        write_json(folder / META, {"format": FORMAT, "count": count, **asdict(recipe)})
        (folder / BEGUN).unlink()
    return Index(folder, count, recipe.dimension)


def _kept_rows(folder: Path, dimension: int, size: int) -> int:
    """Cut the files of an interrupted run back to whole chunks, and return their rows."""
    widths = {KEYS: _KEY_BYTES, EMBEDDINGS: dimension * _VALUE_BYTES}
    for name in widths:
        (folder / name).touch()
    rows = min((folder / name).stat().st_size // width for name, width in widths.items())
    rows -= rows % size
    for name, width in widths.items():
        os.truncate(folder / name, rows * width)
    return rows


def _append(folder: Path, chunks: Iterable[Chunk], recipe: Recipe, done: int) -> int:
    count = 0
    with (
        (folder / KEYS).open("ab") as keys,
        (folder / EMBEDDINGS).open("ab") as embeddings,
        tqdm(initial=done, unit=" passages", desc="embedding", disable=None) as progress,
    ):
        for chunk in chunks:
            check_dimension(chunk, recipe.dimension)
            chunk.embeddings.tofile(embeddings)
            chunk.keys.tofile(keys)
            count += len(chunk.keys)
            progress.update(len(chunk.keys))
    return count


def check_dimension(chunk: Chunk, dimension: int) -> None:
    """Make sure that passages and queries can be compared.

    Args:
        chunk: embedded passages.
        dimension: of the queries.

    Raises:
        ModelError: when it is another one.
    """
    if chunk.embeddings.shape[1] != dimension:
        raise ModelError(
            where="the model's passage embeddings",
            expected=f"the {dimension} dimensions of its query embeddings",
            found=str(chunk.embeddings.shape[1]),
            hint="Embed both sides with one model.",
        )


def _read_meta(path: Path) -> dict[str, Any]:
    try:
        meta = read_json(path)
    except DataError as error:
        raise _unusable(path, error.expected, error.found) from error
    if not isinstance(meta, dict):
        raise _unusable(path, "the description of an index", type(meta).__name__)
    return meta


def _check_recipe(folder: Path, meta: dict[str, Any], recipe: Recipe) -> None:
    for key, value in {"format": FORMAT, **asdict(recipe)}.items():
        if meta.get(key) != value:
            raise _unusable(folder, f"an index of {key} {str(value)[:12]}", str(meta.get(key))[:12])


def _unusable(path: Path, expected: str, found: str) -> DataError:
    hint = "Delete the folder, or name another."
    return DataError(where=str(path), expected=expected, found=found, hint=hint)
