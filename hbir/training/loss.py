"""Compute InfoNCE with in-batch negatives."""

import torch
from torch.nn import functional as F


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
