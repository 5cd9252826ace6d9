"""Set lengths, pooling and similarity of an encoder, so that a plain SentenceTransformer does the same."""

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, StaticEmbedding

from hbir.core.errors import ModelError, ParamsError
from hbir.encoding.checks import CAUSAL
from hbir.encoding.params import EncoderParams
from hbir.encoding.presets import PoolingMode

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


def set_pooling(model: SentenceTransformer, mode: PoolingMode) -> None:
    """Change how an encoder makes one embedding of its tokens'.

    Args:
        model: the encoder.
        mode: mean, cls or max.

    Raises:
        ModelError: when it pools in no module of its own, what follows needs another width, or its first
            token sees no other.
    """
    _require_pooling(model, mode)
    found = [index for index, part in enumerate(model) if isinstance(part, Pooling)]
    old = model[found[0]] if found else None
    if old is None or (isinstance(old.pooling_mode, tuple) and len(model) > found[0] + 1):
        names = ", ".join(type(part).__name__ for part in model)
        raise ModelError(
            where="params.yaml: encoder.pooling",
            expected="null for this encoder, whose pooling cannot be changed",
            found=f"{mode}, where its modules are {names}",
            hint="Set `encoder.pooling: null`.",
        )
    model[found[0]] = Pooling(old.embedding_dimension, mode, include_prompt=old.include_prompt)


def set_similarity(model: SentenceTransformer, normalize: bool) -> None:
    """Choose between cosine and inner product by the last module: one further in front belongs to the model.

    Args:
        model: the encoder.
        normalize: whether embeddings have length 1.
    """
    model.similarity_fn_name = "cosine" if normalize else "dot"
    if normalize and not isinstance(model[-1], Normalize):
        model.append(Normalize())
    while not normalize and isinstance(model[-1], Normalize):
        del model[-1]


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
            "have one limit for queries and passages",
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


def _require_pooling(model: SentenceTransformer, mode: PoolingMode) -> None:
    if mode != "cls":
        return
    for part in model.modules():
        config = part.config if isinstance(part, Transformer) else None
        both = (
            getattr(config, "use_bidirectional_attention", None) or getattr(config, "is_causal", None) is False
        )
        if config is not None and config.model_type in CAUSAL and not both:
            raise ModelError(
                where="params.yaml: encoder.pooling",
                expected="mean or max",
                found=f"cls, where a first token of {config.model_type} sees no other",
                hint="Set `encoder.pooling: mean`.",
            )
