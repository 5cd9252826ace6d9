"""Embed texts for scoring and search."""

import sys
from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize
from sentence_transformers.util import batch_to_device
from torch.nn import functional as F

from hbir.core.errors import ModelError
from hbir.core.progress import Counted
from hbir.encoding.batches import cut, is_sliceable, sliced
from hbir.encoding.model import features
from hbir.encoding.prompts import Side

_CHUNK = 2048
"""Texts that are tokenised in one call and lie in memory as tokens: at 512 tokens each, 25 MB."""
_STATES = 3 << 17
"""Numbers in the states that one batch has between two layers of an encoder: 1.5 MB of float32."""
_PROBE = ("a", "a text that is longer")
"""Texts of two lengths, of which one is padded."""


def embed(
    model: SentenceTransformer, texts: Sequence[str], side: Side, batch_size: int, progress: bool = False
) -> np.ndarray:
    """Embed texts as `encode_query` and `encode_document` do; an inner product is the model's similarity.

    Args:
        model: the encoder.
        texts: (n,) queries or passages.
        side: which of the two they are; decides the prompt.
        batch_size: most texts per forward pass; on a CPU there are fewer, as many as its cache holds.
        progress: whether to show a bar on stderr, or lines now and then where that is no terminal.

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
    run = _encode if is_sliceable(features(model, _PROBE, side)) else _library
    embeddings = run(model, list(places), side, batch_size, unnormalised, progress)
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


def _library(
    model: SentenceTransformer, texts: list[str], side: Side, batch_size: int, normalize: bool, progress: bool
) -> np.ndarray:
    """Embed with the library alone: what has no padding to save, or inputs of its own kind."""
    shown = progress and sys.stderr.isatty()
    run = model.encode_query if side == "query" else model.encode_document
    found = run(texts, batch_size=batch_size, show_progress_bar=shown, normalize_embeddings=normalize)
    return np.asarray(found, dtype=np.float32)  # (n, d)


@torch.inference_mode()
def _encode(
    model: SentenceTransformer, texts: list[str], side: Side, batch_size: int, normalize: bool, progress: bool
) -> np.ndarray:
    """Embed what `_library` would, in batches of one length of tokens.

    The library sorts by characters, of which a Chinese token has one and a German one five, and takes 32 texts
    whatever their length. Sorted by tokens and cut to fit the cache, 6 % of XQuAD-R's tokens are padding, and
    multilingual-e5-small on two AVX-512 cores takes 60 % of the time.
    """
    model.eval()
    order = sorted(range(len(texts)), key=lambda row: len(texts[row].encode()), reverse=True)
    rows: list[torch.Tensor] = []
    what = "embedding queries" if side == "query" else "embedding passages"
    with Counted(what, len(texts), "texts", bar=progress, lines=progress) as counted:
        for start in range(0, len(texts), _CHUNK):
            chosen = [texts[row] for row in order[start : start + _CHUNK]]
            rows.append(_chunk(model, chosen, side, batch_size, counted).float().cpu())
    embeddings = torch.cat(rows)[torch.from_numpy(np.argsort(order))]  # (n, d)
    embeddings = embeddings[:, : model.truncate_dim]
    return (F.normalize(embeddings, dim=1) if normalize else embeddings).numpy()


def _chunk(
    model: SentenceTransformer, texts: list[str], side: Side, batch_size: int, counted: Counted
) -> torch.Tensor:
    """Tokenise some texts in one call, and embed them batch by batch: (m, d), in their order."""
    read = features(model, texts, side)
    lengths = read["attention_mask"].sum(dim=1)  # (m,)
    order = torch.argsort(lengths, descending=True, stable=True)
    batches = cut(lengths[order].tolist(), batch_size, _most_tokens(model))
    read = batch_to_device(read, model.device)
    found = []
    for batch in batches:
        chosen = order[batch.rows].to(model.device)
        found.append(model(sliced(read, chosen, batch.width), task=side)["sentence_embedding"])
        counted.add(len(chosen))
    return torch.cat(found)[torch.argsort(order).to(model.device)]


def _most_tokens(model: SentenceTransformer) -> int | None:
    """Say how many tokens one batch has on a CPU, so that its states stay in the second-level cache.

    Measured for 384 dimensions on two AVX-512 cores, 384 passages of XQuAD-R: 1,024 tokens ran at 1.67 times
    the library's speed, 512 at 1.52 and 2,048 at 1.63.
    """
    if model.device.type != "cpu":
        return None
    return max(1, _STATES // (model.get_embedding_dimension() or 384))
