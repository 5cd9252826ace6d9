"""Embed texts for scoring and search."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize
from torch.nn import functional as F

from hbir.core.errors import ModelError
from hbir.core.progress import Counted
from hbir.encoding.batches import is_sliceable, tokenised
from hbir.encoding.model import features
from hbir.encoding.prompts import Side
from hbir.encoding.ranks import ALONE, Ranks

_PROBE = ("a", "a text that is longer")
"""Texts of two lengths, of which one is padded."""


@dataclass(frozen=True)
class _How:
    """Say how texts are embedded, whoever runs the model."""

    side: Side
    batch_size: int
    """Most texts per forward pass."""
    normalize: bool
    """Whether to divide by the length what the model leaves at its own."""
    progress: bool
    ranks: Ranks


def embed(
    model: SentenceTransformer,
    texts: Sequence[str],
    side: Side,
    batch_size: int,
    progress: bool = False,
    ranks: Ranks = ALONE,
) -> np.ndarray:
    """Embed texts as `encode_query` and `encode_document` do; an inner product is the model's similarity.

    Args:
        model: the encoder.
        texts: (n,) queries or passages.
        side: which of the two they are; decides the prompt.
        batch_size: most texts per forward pass; on a CPU there are fewer, as many as its cache holds.
        progress: whether to show a bar on stderr, or lines now and then where that is no terminal.
        ranks: processes that share the work; all of them call this with the same model and texts.

    Returns:
        (n, d) float32, rows in the order of the texts; of length 1 where the model compares by cosine. A text
        that comes again is embedded once.

    Raises:
        ModelError: when the model compares by a distance, or its embeddings are no numbers.
    """
    _require_inner_product(model)
    if not texts:
        return np.empty((0, model.get_embedding_dimension() or 0), dtype=np.float32)
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    # Dividing by a length of 1 again would only move last digits.
    whole = isinstance(model[-1], Normalize) and model.truncate_dim is None
    unnormalised = model.similarity_fn_name == "cosine" and not whole
    how = _How(side, batch_size, unnormalised, progress and ranks.is_first, ranks)
    run = _encode if is_sliceable(features(model, _PROBE, side)) else _library
    embeddings = run(model, list(places), how)
    _require_numbers(embeddings)
    return embeddings if len(places) == len(texts) else embeddings[[places[text] for text in texts]]


def _require_inner_product(model: SentenceTransformer) -> None:
    if model.similarity_fn_name not in ("cosine", "dot"):
        raise ModelError(
            where="the model's similarity_fn_name",
            expected="cosine or dot",
            found=str(model.similarity_fn_name),
            hint="Set `similarity_fn_name` in its config_sentence_transformers.json.",
        )


def _require_numbers(embeddings: np.ndarray) -> None:
    broken = ~np.isfinite(embeddings).all(axis=1)  # (distinct,)
    if broken.any():
        raise ModelError(
            where="the model's embeddings",
            expected="finite numbers",
            found=f"NaN or infinity for {broken.sum():,} of {len(embeddings):,} texts",
            hint="Its weights are broken: copy them again, or train it again with a lower learning rate.",
        )


def _library(model: SentenceTransformer, texts: list[str], how: _How) -> np.ndarray:
    """Embed with the library alone: what has no padding to save, or inputs of its own kind.

    The library sorts by characters. Several processes are dealt batches in that order, which it sorts again; so
    texts of one length at the border of two batches may change places, and with them last digits.
    """
    ranks, shown = how.ranks, how.progress and sys.stderr.isatty()
    run = model.encode_query if how.side == "query" else model.encode_document
    mine = np.arange(len(texts))
    if ranks.size > 1:
        order = np.argsort([-len(text) for text in texts])
        mine = order[np.arange(len(texts)) // how.batch_size % ranks.size == ranks.place.rank]
    found = run(
        [texts[row] for row in mine],
        batch_size=how.batch_size,
        show_progress_bar=shown,
        normalize_embeddings=how.normalize,
    )
    rows = np.asarray(found, dtype=np.float32)  # (m, d)
    return rows if ranks.size == 1 else _gathered(mine, rows, len(texts), ranks)


@torch.inference_mode()
def _encode(model: SentenceTransformer, texts: list[str], how: _How) -> np.ndarray:
    """Embed what `_library` would, in batches of one length of tokens, which are dealt out to the processes.

    The library sorts by characters, of which a Chinese token has one and a German one five, and takes 32 texts
    whatever their length. Sorted by tokens and cut to fit the cache, 6 % of XQuAD-R's tokens are padding, and
    multilingual-e5-small on two AVX-512 cores takes 60 % of the time.

    Every process tokenises all texts. So each batch is the one that a process alone would make, and its
    embeddings are the same to the last digit.
    """
    model.eval()
    ranks, side = how.ranks, how.side
    places, rows, turn = [np.empty(0, dtype=np.int64)], list[torch.Tensor](), cycle(range(ranks.size))
    what = "embedding queries" if side == "query" else "embedding passages"
    with Counted(what, len(texts), "texts", bar=how.progress, lines=how.progress) as counted:
        for pieces in tokenised(model, texts, side, how.batch_size):
            found = []
            for piece in pieces:
                if next(turn) == ranks.place.rank:
                    found.append(model(piece.inputs, task=side)["sentence_embedding"])
                    places.append(piece.places)
                counted.add(len(piece.places))
            rows += [embedded.float().cpu() for embedded in found]  # at once: each makes a GPU wait
    held = torch.cat(rows).numpy() if rows else None
    embeddings = torch.from_numpy(_gathered(np.concatenate(places), held, len(texts), ranks))
    embeddings = embeddings[:, : model.truncate_dim]
    return (F.normalize(embeddings, dim=1) if how.normalize else embeddings).numpy()


def _gathered(places: np.ndarray, rows: np.ndarray | None, count: int, ranks: Ranks) -> np.ndarray:
    """Bring the rows of all processes together, some of which may have none: (count, d) float32."""
    parts = [part for part in ranks.gather((places, rows)) if len(part[0])]
    embeddings = np.empty((count, parts[0][1].shape[1]), dtype=np.float32)
    for held, found in parts:
        embeddings[held] = found
    return embeddings
