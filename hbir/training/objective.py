"""Compute the objective: embed a batch with gradients, and compare it by InfoNCE with in-batch negatives."""

from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.util import batch_to_device
from torch.nn import functional as F

from hbir.encoding.model import features
from hbir.encoding.prompts import Side
from hbir.training.params import TrainParams


def embed(model: SentenceTransformer, texts: Sequence[str], side: Side, bf16: bool) -> torch.Tensor:
    """Embed texts as `encode_query` and `encode_document` do, but with gradients.

    On a CPU the short and the long half run apart, which saves padding and changes nothing else.

    Args:
        model: the encoder, whose inner product is its similarity.
        texts: (b,) queries or passages, without prompts.
        side: which of the two they are; decides the prompt and the longest input.
        bf16: whether to run in bfloat16 where that is safe.

    Returns:
        (b, d) embeddings, rows in the order of the texts; of length 1 where the encoder normalises.
    """
    parts = 2 if model.device.type == "cpu" else 1
    order = sorted(range(len(texts)), key=lambda row: len(texts[row].encode()))
    halves = [half for half in np.array_split(order, parts) if len(half)]
    embedded = [_forward(model, [texts[row] for row in half], side, bf16) for half in halves]
    return torch.cat(embedded)[np.argsort(order)]  # (b, d)


def info_nce(queries: torch.Tensor, passages: torch.Tensor, temperature: float) -> torch.Tensor:
    """Compute the mean negative log-likelihood of every query's own passage among those of its batch.

    Args:
        queries: (b, d) embeddings; of length 1 unless the encoder compares by inner product.
        passages: (b, d) embeddings, likewise; row i is the positive of query i.
        temperature: divides the inner products.

    Returns:
        A scalar, in float32 whatever the precision of the embeddings.

    Source:
        arXiv 2408.10536, Eq. 1 (there with temperature 1).
    """
    scores = queries.float() @ passages.float().T / temperature  # (b, b)
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def precision(model: SentenceTransformer, bf16: bool) -> torch.autocast:
    """Make the context in which an encoder runs.

    Args:
        model: the encoder.
        bf16: whether to compute in bfloat16 where that is safe; the weights stay in float32.

    Returns:
        The context.
    """
    return torch.autocast(model.device.type, torch.bfloat16, enabled=bf16)


def uses_bf16(params: TrainParams, device: torch.device) -> bool:
    """Decide on the precision of the forward pass.

    Args:
        params: of one sampler.
        device: where the encoder is.

    Returns:
        True for bfloat16.
    """
    if params.precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    return params.precision == "bf16"


def _forward(model: SentenceTransformer, texts: Sequence[str], side: Side, bf16: bool) -> torch.Tensor:
    inputs = batch_to_device(features(model, texts, side), model.device)
    with precision(model, bf16):
        embeddings: torch.Tensor = model(inputs, task=side)["sentence_embedding"]  # (b, d)
    return embeddings
