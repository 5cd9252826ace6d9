"""Limit the tokens of questions and passages, so that a plain SentenceTransformer truncates the same."""

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding

from hbir.core.errors import ParamsError
from hbir.encoding.params import EncoderParams


def set_lengths(model: SentenceTransformer, params: EncoderParams) -> None:
    """Set the longest inputs of an encoder, which are saved with it.

    Static embeddings know one limit alone, so that the longer one holds for both sides.

    Args:
        model: the encoder.
        params: the section `encoder`.

    Raises:
        ParamsError: when the model reads fewer tokens.
    """
    for part in model.modules():
        if isinstance(part, Transformer):
            _check(part, params)
            part.query_length, part.document_length = params.max_query_tokens, params.max_passage_tokens
            part.max_seq_length = params.longest
        elif isinstance(part, StaticEmbedding):
            part.tokenizer.enable_truncation(params.longest)


def positions(part: Transformer) -> int | None:
    """Return the tokens that a transformer has positions for.

    Args:
        part: the transformer.

    Returns:
        Their number; None where positions are relative. XLM-RoBERTa counts from its padding index + 1, so that
        514 positions are 512 tokens.
    """
    count = getattr(part.config, "max_position_embeddings", None)
    if count is None or count < 0:
        return None
    for module in part.model.modules():
        padding = getattr(module, "padding_idx", None)
        if isinstance(padding, int) and isinstance(
            getattr(module, "position_embeddings", None), torch.nn.Embedding
        ):
            return int(count) - padding - 1
    return int(count)


def _check(part: Transformer, params: EncoderParams) -> None:
    most = positions(part)
    for key in ("max_query_tokens", "max_passage_tokens"):
        if most is not None and getattr(params, key) > most:
            raise ParamsError(
                where=f"params.yaml: encoder.{key}",
                expected=f"at most {most}, the positions of {params.name}",
                found=str(getattr(params, key)),
                hint="Lower it, or choose an encoder that reads longer texts: `python -m hbir encoders`.",
            )
