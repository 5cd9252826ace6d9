"""Embed a corpus a chunk at a time, and keep it in a folder as `index` reads it."""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict
from itertools import islice, tee
from pathlib import Path

import numpy as np
from filelock import FileLock
from tqdm import tqdm

from hbir.core.disk_faults import write_faults
from hbir.core.errors import ModelError
from hbir.core.files import write_json
from hbir.core.place import ONLY, Place
from hbir.encoding.ranks import ALONE, Ranks
from hbir.retrieval.index import (
    BEGUN,
    EMBEDDINGS,
    FORMAT,
    KEY_BYTES,
    KEYS,
    META,
    VALUE_BYTES,
    Chunk,
    Elsewhere,
    Embed,
    Index,
    Keyed,
    Recipe,
    find_index,
)


def embedded(
    passages: Iterable[Keyed],
    embed: Embed,
    size: int,
    place: Place = ONLY,
) -> Iterator[Chunk]:
    """Embed a stream of passages, a chunk at a time.

    The embeddings are rounded to float16 as on disk, so that scores do not depend on whether they were kept.

    Args:
        passages: the corpus.
        embed: the encoder.
        size: passages at once.
        place: of the process among those that embed; each embeds its share of the chunks.

    Yields:
        The chunks in the order of the corpus.

    Raises:
        ModelError: when an embedding is no number, or too large for float16.
    """
    yield from _chunks(islice(_parts(passages, size), place.rank, None, place.size), embed)


def embedded_together(passages: Iterable[Keyed], embed: Embed, size: int, ranks: Ranks) -> Iterator[Chunk]:
    """Embed a stream of passages, each process a chunk of every round.

    Args:
        passages: the corpus.
        embed: the encoder.
        size: passages at once.
        ranks: the processes, all of which call this.

    Yields:
        At the first process the chunks in the order of the corpus; at the others nothing.

    Raises:
        ModelError: when an embedding is no number, or too large for float16.
    """
    if ranks.size == 1:
        yield from embedded(passages, embed, size)
        return
    parts = _parts(passages, size)
    while turn := list(islice(parts, ranks.size)):
        mine = turn[ranks.place.rank : ranks.place.rank + 1]
        chunk = next(_chunks(mine, embed), None)
        yield from (one for one in ranks.to_first(chunk) if one)


def _parts(passages: Iterable[Keyed], size: int) -> Iterator[list[Keyed]]:
    stream = iter(passages)
    while part := list(islice(stream, size)):
        yield part


def _chunks(parts: Iterable[list[Keyed]], embed: Embed) -> Iterator[Chunk]:
    """Embed part after part; where others do so, some of the parts are out at once and wait here."""
    asked, waiting = tee(parts)
    texts = ([passage.text for passage in part] for part in asked)
    found = embed.in_order(texts) if isinstance(embed, Elsewhere) else (embed(part) for part in texts)
    with closing(found):
        for embeddings, part in zip(found, waiting, strict=True):
            yield _chunk(part, rounded(embeddings))


def rounded(embeddings: np.ndarray) -> np.ndarray:
    """Round embeddings as they are kept.

    Args:
        embeddings: (n, d) of any float type.

    Returns:
        (n, d) float16; infinite where one is too large.
    """
    with np.errstate(over="ignore"):
        return np.asarray(embeddings).astype(np.float16, copy=False)


def _chunk(part: list[Keyed], embeddings: np.ndarray) -> Chunk:
    if not np.isfinite(embeddings).all():
        bad = int(np.flatnonzero(~np.isfinite(embeddings).all(axis=1))[0])
        raise ModelError(
            where="the model's passage embeddings",
            expected=f"numbers within float16, at most {np.finfo(np.float16).max:.0f}",
            found=f"others for {part[bad].text[:60]!r}",
            hint="Check the model, or add a Normalize module to it.",
        )
    return Chunk(np.array([passage.key for passage in part], dtype=np.int64), embeddings)


def build_index(
    folder: Path, passages: Iterable[Keyed], embed: Embed, recipe: Recipe, size: int, ranks: Ranks = ALONE
) -> Index:
    """Embed a corpus into a folder, or what of it an interrupted run has left to do.

    Args:
        folder: where; made when it is not there.
        passages: the corpus.
        embed: the encoder.
        recipe: what the index is made of.
        size: passages embedded and written at once.
        ranks: processes that share the work. The first one calls this and writes; the others call `help_build`.

    Returns:
        The finished index, which is the same byte for byte as if it had been made in one go, by one process.

    Raises:
        DataError: when the folder holds something else, or the disk is full.
        ModelError: when an embedding cannot be kept, or has another dimension.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"), write_faults(folder):
        found = find_index(folder, recipe)
        done = None if found else _begin(folder, recipe, size)
        ranks.spread(done)
        if found:
            return found  # another command has made it in the meantime
        rest = islice(passages, done, None)
        count = (done or 0) + _append(folder, embedded_together(rest, embed, size, ranks), recipe, done or 0)
        write_json(folder / META, {"format": FORMAT, "count": count, **asdict(recipe)})
        (folder / BEGUN).unlink()
    return Index(folder, count, recipe.dimension)


def help_build(passages: Iterable[Keyed], embed: Embed, size: int, ranks: Ranks) -> None:
    """Embed a share of what the first process writes into a folder.

    Args:
        passages: the corpus.
        embed: the encoder.
        size: passages embedded at once.
        ranks: the processes.

    Raises:
        ModelError: when an embedding cannot be kept.
    """
    done = ranks.spread(None)
    if done is not None:
        for _ in embedded_together(islice(passages, done, None), embed, size, ranks):
            pass  # the first process has them


def _begin(folder: Path, recipe: Recipe, size: int) -> int:
    """Say what the folder is to hold, and return the passages that an interrupted run has kept."""
    write_json(folder / BEGUN, {"format": FORMAT, **asdict(recipe)})
    return _kept_rows(folder, recipe.dimension, size)


def _kept_rows(folder: Path, dimension: int, size: int) -> int:
    """Cut the files of an interrupted run back to whole chunks, and return their rows."""
    widths = {KEYS: KEY_BYTES, EMBEDDINGS: dimension * VALUE_BYTES}
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
