"""Keep the embeddings of a corpus in a folder of this machine, or in an object store."""

import json
import logging
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hbir.core.errors import DataError
from hbir.core.objects.faults import changed, connected, explained
from hbir.core.objects.urls import WEB, scheme_of
from hbir.core.place import ONLY, Place
from hbir.encoding.ranks import Ranks
from hbir.retrieval.building import build_index
from hbir.retrieval.index import (
    EMBEDDINGS,
    KEYS,
    KEYS_AT_ONCE,
    META,
    Chunk,
    Embed,
    Index,
    Keyed,
    Recipe,
    check_sizes,
    count_in,
    find_index,
)

logger = logging.getLogger(__name__)
_ABOUT = "about.txt"
_WORDS = b"Embeddings that hbir keeps, by benchmark, language and encoder. What nobody needs may be removed.\n"


class Kept(NamedTuple):
    """Say where the embeddings of a corpus are kept, or will be."""

    folder: Path
    """On this machine; where a URL is named they are made there, and removed once they are in the store."""
    recipe: Recipe
    url: str = ""
    """Of the folder in an object store; empty for none."""

    def find(self) -> Index | None:
        """Open them.

        Returns:
            The index; None when nothing is there, or it was interrupted.

        Raises:
            DataError: when it is made of something else, its files are not whole, or the store cannot be read.
        """
        return _find_stored(self.url, self.recipe) if self.url else find_index(self.folder, self.recipe)

    def build(self, passages: Iterable[Keyed], embed: Embed, size: int, ranks: Ranks) -> Index:
        """Embed a corpus, or what of it an interrupted run has left to do.

        Args:
            passages: the corpus.
            embed: the encoder.
            size: passages embedded and written at once.
            ranks: processes that share the work; see `build_index`.

        Returns:
            The finished index, in the store where a URL is named.

        Raises:
            DataError: when the folder holds something else, the disk is full, or the store cannot be written.
            ModelError: when an embedding cannot be kept, or has another dimension.
        """
        index = build_index(self.folder, passages, embed, self.recipe, size, ranks)
        if not self.url:
            return index
        _store(self.folder, self.url)
        shutil.rmtree(self.folder)
        return StoredIndex(self.folder, index.count, index.dimension, self.url)


@dataclass(frozen=True)
class StoredIndex(Index):
    """Read a finished folder of an object store, of which nothing is copied: every chunk is asked for apart."""

    url: str

    def key_parts(self) -> Iterator[np.ndarray]:
        """Read the keys, some after the other: (count,) int64 in all."""
        for start in range(0, self.count, KEYS_AT_ONCE):
            yield self._rows(KEYS, np.dtype(np.int64), 1, start, start + KEYS_AT_ONCE)[:, 0].copy()

    def chunks(self, size: int, place: Place = ONLY) -> Iterator[Chunk]:
        """Read the embeddings from the start.

        Args:
            size: passages at once.
            place: of the process among those that read; each reads its share of the chunks.

        Yields:
            The chunks in the order of the corpus.
        """
        for start in range(place.rank * size, self.count, place.size * size):
            keys = self._rows(KEYS, np.dtype(np.int64), 1, start, start + size)[:, 0]
            yield Chunk(keys, self._rows(EMBEDDINGS, np.dtype(np.float16), self.dimension, start, start + size))

    def _rows(self, name: str, kind: np.dtype[Any], width: int, start: int, stop: int) -> np.ndarray:
        """Read rows of one file: (n, width)."""
        system, path = connected(self.url)
        stop, size = min(stop, self.count), width * kind.itemsize
        with explained(self.url):
            data: bytes = system.cat_file(f"{path}/{name}", start=start * size, end=stop * size)
        if len(data) != (stop - start) * size:
            raise changed(f"{self.url}/{name}", f"{len(data)} bytes of {(stop - start) * size}")
        return np.frombuffer(data, dtype=kind).reshape(-1, width)


def require_store(url: str) -> None:
    """Find out before hours of work whether embeddings can be written.

    Args:
        url: of the folder for all of them.

    Raises:
        DataError: when it cannot.
        ParamsError: when the package that writes there is not installed.
    """
    if scheme_of(url) in WEB:
        hint = "Name a folder of S3, Google or Azure, or of this machine."
        raise DataError(where=url, expected="a store that can be written", found="a web server", hint=hint)
    system, path = connected(url)
    with explained(url):
        system.pipe_file(f"{path}/{_ABOUT}", _WORDS)


def _find_stored(url: str, recipe: Recipe) -> Index | None:
    system, path = connected(url)
    with explained(url):
        system.invalidate_cache()
        try:
            text = system.cat_file(f"{path}/{META}")
        except FileNotFoundError:
            return None
        sizes = {name: int(system.info(f"{path}/{name}")["size"]) for name in (KEYS, EMBEDDINGS)}
    count = count_in(_parsed(text), recipe, url)
    check_sizes(sizes, count, recipe, url)
    return StoredIndex(Path(), count, recipe.dimension, url)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _store(folder: Path, url: str) -> None:
    """Write a finished folder, what says that it is whole last."""
    system, path = connected(url)
    logger.info("storing embeddings in %s", url)
    with explained(url):
        for name in (KEYS, EMBEDDINGS, META):
            system.put_file(str(folder / name), f"{path}/{name}")
