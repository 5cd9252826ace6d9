"""Make the encoder `static` from scratch: the mean of token embeddings, for the fastest runs."""

from collections.abc import Iterable

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding

from hbir.core.seeds import derive_seed
from hbir.encoding.params import EncoderParams
from hbir.encoding.tokenizer import train_tokenizer

_DEVIATION = 0.02
"""Of the starting weights, as BERT's: EmbeddingBag's own 1.0 is more than a usual learning rate can move."""


def build_static(params: EncoderParams, texts: Iterable[str], seed: int) -> SentenceTransformer:
    """Make untrained token embeddings with a tokenizer of their own.

    Args:
        params: the section `encoder`.
        texts: what the tokenizer is trained on.
        seed: the base seed; the weights depend on it and on the sizes alone.

    Returns:
        An encoder without prompts.
    """
    tokenizer = train_tokenizer(texts, params.static.vocabulary, params.longest)
    stream = torch.Generator().manual_seed(derive_seed(seed, "encoder", "weights"))
    weights = torch.randn(len(tokenizer), params.static.width, generator=stream) * _DEVIATION  # (v, d)
    return SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu")
