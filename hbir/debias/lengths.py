"""Cut an encoder's inputs for a while: what is longer costs more time than a small budget has."""

from collections.abc import Sequence
from typing import Any

from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer

Lengths = Sequence[tuple[Any, Any, Any]]
"""Of each transformer, the longest input, query and passage in tokens."""


def shorten(model: SentenceTransformer, tokens: int) -> Lengths:
    """Cut inputs; a limit of its own that is lower stays.

    Args:
        model: the encoder, changed in place; an encoder without layers is fast enough as it is.
        tokens: the longest input.

    Returns:
        Its own limits, to be set again by `restore`.
    """
    own = [(part.max_seq_length, part.query_length, part.document_length) for part in _parts(model)]
    for part, limits in zip(_parts(model), own, strict=True):
        longest, query, document = (min(limit, tokens) if limit else tokens for limit in limits)
        part.query_length, part.document_length, part.max_seq_length = query, document, longest
    return own


def restore(model: SentenceTransformer, lengths: Lengths) -> None:
    """Give an encoder its own limits back.

    Args:
        model: the encoder, changed in place.
        lengths: what `shorten` returned.
    """
    for part, (longest, query, document) in zip(_parts(model), lengths, strict=True):
        part.query_length, part.document_length, part.max_seq_length = query, document, longest


def _parts(model: SentenceTransformer) -> list[Transformer]:
    return [part for part in model.modules() if isinstance(part, Transformer)]
