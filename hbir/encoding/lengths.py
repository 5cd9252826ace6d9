"""Limit the tokens of questions and passages, so that a plain SentenceTransformer truncates the same."""

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding

from hbir.core.errors import ParamsError
from hbir.encoding.params import EncoderParams

KEYS = {"query": "max_query_tokens", "document": "max_passage_tokens"}
"""By side, the key of its longest input."""


def set_lengths(model: SentenceTransformer, params: EncoderParams) -> None:
    """Set the longest inputs of an encoder, which are saved with it.

    Args:
        model: the encoder, with its prompts.
        params: the section `encoder`.

    Raises:
        ParamsError: when the model reads fewer tokens, knows one limit alone, or a prompt leaves no room.
    """
    for part in model.modules():
        if isinstance(part, Transformer):
            _check(part, params)
            part.query_length, part.document_length = params.max_query_tokens, params.max_passage_tokens
            part.max_seq_length = params.longest
        elif isinstance(part, StaticEmbedding):
            _require_one_limit(params)
            part.tokenizer.enable_truncation(params.longest)
        if isinstance(part, Transformer | StaticEmbedding):
            for side, key in KEYS.items():
                _require_room(part, model.prompts.get(side) or "", key, params)


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
    for key in KEYS.values():
        if most is not None and getattr(params, key) > most:
            raise ParamsError(
                where=f"params.yaml: encoder.{key}",
                expected=f"at most {most}, the positions of {params.name}",
                found=str(getattr(params, key)),
                hint="Lower it, or choose an encoder that reads longer texts: `python -m hbir encoders`.",
            )


def _require_one_limit(params: EncoderParams) -> None:
    if params.max_query_tokens != params.max_passage_tokens:
        raise ParamsError(
            where="params.yaml: encoder.max_query_tokens",
            expected=f"{params.max_passage_tokens}, as encoder.max_passage_tokens, since static embeddings "
            "have one limit for questions and passages",
            found=str(params.max_query_tokens),
            hint="Set both to one number.",
        )


def _require_room(part: Transformer | StaticEmbedding, prompt: str, key: str, params: EncoderParams) -> None:
    limit = getattr(params, key)
    if prompt and _count(part, prompt) >= limit:
        raise ParamsError(
            where=f"params.yaml: encoder.{key}",
            expected=f"more tokens than the prompt {prompt!r} takes by itself",
            found=str(limit),
            hint="Raise it, or shorten `encoder.prompts`.",
        )


def _count(part: Transformer | StaticEmbedding, text: str) -> int:
    """Count tokens, special ones included, without leaving a padding or truncation behind in the tokenizer."""
    if isinstance(part, StaticEmbedding):
        return len(part.tokenizer.encode(text, add_special_tokens=False).ids)
    return len(part.tokenizer(text, truncation=False, padding=False, verbose=False)["input_ids"])
