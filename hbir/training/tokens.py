"""Tokenise every text of the pairs once, for all samplers, into files that are mapped into memory."""

import itertools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from hbir.core.disk_faults import write_faults
from hbir.core.files import atomic_folder
from hbir.encoding.model import features
from hbir.encoding.prompts import SIDES, Side
from hbir.training.layout import Layout, split
from hbir.training.texts import PairTexts

log = logging.getLogger(__name__)
_BLOCK = 1024
"""Texts that are tokenised in one call: the tokenizer takes all cores, and memory stays bounded."""


@dataclass(frozen=True)
class Tokens:
    """Hold the token ids of all texts of one side."""

    ids: np.ndarray
    """(t,) int32, mapped from a file."""
    ends: np.ndarray
    """(n,) int64, mapped from a file: where each text's ids end."""
    used: np.ndarray
    """(u,) int32: every id that occurs, ascending."""

    def lengths(self, rows: np.ndarray) -> np.ndarray:
        """Count the ids of texts.

        Args:
            rows: (k,) which.

        Returns:
            (k,) int64.
        """
        return np.asarray(self.ends[rows] - np.where(rows > 0, self.ends[rows - 1], 0))

    def take(self, row: int) -> np.ndarray:
        """Look up the ids of a text.

        Args:
            row: which.

        Returns:
            (l,) its ids, a view of the file.
        """
        return self.ids[self.ends[row - 1] if row else 0 : self.ends[row]]


def read_tokens(
    folder: Path, model: SentenceTransformer, layouts: dict[Side, Layout], texts: PairTexts
) -> dict[Side, Tokens]:
    """Read the ids of all texts, and tokenise them first where no training of the same texts has done so.

    Args:
        folder: of the files; its name stands for the tokenizer and the pairs.
        model: the encoder.
        layouts: by side, how it wants its ids.
        texts: of all pairs.

    Returns:
        The ids by side.

    Raises:
        DataError: when the files cannot be written.
    """
    with write_faults(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if not _is_whole(folder):
                log.info("tokenising %d queries and as many passages", len(texts))
                with atomic_folder(folder) as new:
                    for side in layouts:
                        _tokenise(new, model, side, texts)
    return {side: _read(folder, side) for side in SIDES}


def _is_whole(folder: Path) -> bool:
    """Tell whether all files are there and as long as they say; damaged ones are made again."""
    try:
        return all(len(_read(folder, side).ids) == _read(folder, side).ends[-1] for side in SIDES)
    except (OSError, ValueError, EOFError, IndexError):
        return False


def _tokenise(folder: Path, model: SentenceTransformer, side: Side, texts: PairTexts) -> None:
    seen, end = np.zeros(0, dtype=bool), 0
    with (folder / f"{side}.ids").open("wb") as file, (folder / f"{side}.ends").open("wb") as places:
        for rows in _blocks(model, side, texts):
            ids = np.concatenate(rows)
            seen = _marked(seen, ids)
            lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
            places.write((end + np.cumsum(lengths)).tobytes())
            end += len(ids)
            file.write(ids.tobytes())
    np.save(folder / f"{side}.used.npy", np.flatnonzero(seen).astype(np.int32))


def _blocks(model: SentenceTransformer, side: Side, texts: PairTexts) -> Iterator[list[np.ndarray]]:
    parts = itertools.pairwise([*range(0, len(texts), _BLOCK), len(texts)])
    blocks = (texts.texts(side, slice(start, end)) for start, end in parts)
    first = next(blocks)
    ids = split(features(model, first, side))
    yield ids
    direct = _same(ids, _encoded(model, side, first))
    for block in blocks:
        yield (_encoded(model, side, block) if direct else None) or split(features(model, block, side))


def _encoded(model: SentenceTransformer, side: Side, texts: Sequence[str]) -> list[np.ndarray] | None:
    """Tokenise as the library did last, without the features that it makes of the ids: None where that fails.

    Its tokenizer keeps the longest input of the last call. The features took three quarters of the time.
    """
    backend = getattr(model.tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        return None
    padding = backend.padding
    backend.no_padding()
    prompt = model.prompts.get(side) or ""
    encoded = backend.encode_batch_fast([prompt + text for text in texts])
    if padding:
        backend.enable_padding(**padding)  # which is saved with the tokenizer
    return [np.array(each.ids, dtype=np.int32) for each in encoded]


def _same(one: list[np.ndarray], other: list[np.ndarray] | None) -> bool:
    return other is not None and all(map(np.array_equal, one, other))


def _marked(seen: np.ndarray, ids: np.ndarray) -> np.ndarray:
    highest = int(ids.max(initial=-1)) + 1
    grown = np.pad(seen, (0, max(0, highest - len(seen))))
    grown[ids] = True
    return grown


def _read(folder: Path, side: Side) -> Tokens:
    ids, ends = _mapped(folder / f"{side}.ids", np.int32), _mapped(folder / f"{side}.ends", np.int64)
    return Tokens(ids=ids, ends=ends, used=np.load(folder / f"{side}.used.npy"))


def _mapped(path: Path, kind: type[np.generic]) -> np.ndarray:
    return np.zeros(0, kind) if path.stat().st_size == 0 else np.memmap(path, kind, "r")
