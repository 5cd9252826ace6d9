"""Make the one starting point that every sampler shares."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

from hbir.core.errors import ModelError
from hbir.core.model_folder import MODULES, read_config
from hbir.encoding.kinds import CAUSAL
from hbir.encoding.lengths import set_lengths
from hbir.encoding.opening import open_folder
from hbir.encoding.params import EncoderParams
from hbir.encoding.presets import PROMPTS, SCRATCH, PoolingMode
from hbir.encoding.sources import Source, find_source, refuse_revision
from hbir.encoding.static import build_static
from hbir.encoding.tiny import build_tiny

ORIGIN = "encoder.json"
"""In `models/initial`: what it was made of."""
_WHERE = "params.yaml: encoder.name"
_REVISION = "params.yaml: encoder.revision"
_DOCUMENT = ("document", "passage", "corpus")
"""Names that `encode_document` looks for, in its order."""
PROMPT_FILE = "config_sentence_transformers.json"
"""Where sentence-transformers keeps prompts."""
ANOTHER = "Choose another, or download or copy its files again."
"""What to do with an encoder that does not load."""


def initial_encoder(params: EncoderParams, texts: Iterable[str], seed: int) -> SentenceTransformer:
    """Make or fetch the encoder that `encoder.name` names.

    Args:
        params: the section `encoder`.
        texts: what the tokenizer of `tiny` or `static` is trained on; a pretrained encoder brings its own.
        seed: the base seed; of a pretrained encoder it fills the weights that its files lack, such as a pooler.

    Returns:
        The encoder on the CPU in float32, with its prompts, longest inputs, pooling and similarity.
    """
    if params.name in SCRATCH:
        refuse_revision(params.revision, _REVISION, params.name)
        model = (build_tiny if params.name == "tiny" else build_static)(params, texts, seed)
        pooling, prompts = params.pooling, PROMPTS
    else:
        source = find_source(params.name, params.revision, _WHERE, params.trust_remote_code)
        if not source.revision:
            refuse_revision(params.revision, _REVISION, "a folder")
        model = _pretrained(params, source, seed)
        pooling, prompts = _pooling(params, source), _prompts(source)
    if pooling is not None:
        set_pooling(model, pooling)
    if params.prompts is not None:
        prompts = {"query": params.prompts.query, "document": params.prompts.document}
    model.prompts = model.prompts | prompts
    set_lengths(model, params)
    _normalise(model, params.normalize)
    return model


def origin(model: SentenceTransformer, params: EncoderParams) -> dict[str, Any]:
    """Describe a starting point, for `encoder.json`.

    Args:
        model: what `initial_encoder` returned.
        params: the section `encoder`.

    Returns:
        Plain data; a folder is named as params.yaml names it.
    """
    pooling = next((part.pooling_mode for part in model.modules() if isinstance(part, Pooling)), None)
    return {
        "name": params.name,
        "revision": model.model_card_data.base_model_revision,
        "modules": [type(part).__name__ for part in model.children()],
        "pooling": pooling,
        "prompts": {side: model.prompts[side] for side in PROMPTS},
        "max_query_tokens": params.max_query_tokens,
        "max_passage_tokens": params.max_passage_tokens,
        "normalize": params.normalize,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "tokens": count_tokens(model),
    }


def count_tokens(model: SentenceTransformer) -> int:
    """Count the tokens that an encoder knows.

    Args:
        model: the encoder.

    Returns:
        The size of its vocabulary, special tokens included.
    """
    tokenizer = model.tokenizer
    return len(tokenizer) if hasattr(tokenizer, "__len__") else int(tokenizer.get_vocab_size())


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


def _pretrained(params: EncoderParams, source: Source, seed: int) -> SentenceTransformer:
    model = open_folder(source.path, _WHERE, ANOTHER, "cpu", params.trust_remote_code, seed=seed).float()
    if model.truncate_dim is not None:
        raise ModelError(
            where=_WHERE,
            expected="an encoder that is trained in all of its dimensions",
            found=f"truncate_dim {model.truncate_dim} in its {PROMPT_FILE}",
            hint="Copy its folder, set `truncate_dim` to null in that file, and name the copy.",
        )
    model.model_card_data.base_model_revision = source.revision or None
    return model


def _pooling(params: EncoderParams, source: Source) -> PoolingMode | None:
    """Return what replaces the pooling of the loaded model; None where that is the model's own."""
    if params.pooling is not None or (source.path / MODULES).is_file():
        return params.pooling
    return source.preset.pooling if source.preset else "mean"


def _prompts(source: Source) -> dict[str, str]:
    if source.preset:
        return source.preset.prompts or PROMPTS
    return own_prompts(source.path) or PROMPTS


def own_prompts(folder: Path) -> dict[str, str] | None:
    """Read the prompts that an encoder was saved with.

    Args:
        folder: its files.

    Returns:
        Those of questions and passages, empty ones included; None where it names neither.
    """
    path = folder / PROMPT_FILE
    named = (read_config(path, str(folder)).get("prompts") or {}) if path.is_file() else {}
    document = next((named[name] for name in _DOCUMENT if name in named), None)
    if "query" not in named and document is None:
        return None
    return {"query": named.get("query") or "", "document": document or ""}


def _normalise(model: SentenceTransformer, wanted: bool) -> None:
    """Make the last module decide: one further in front belongs to the model."""
    model.similarity_fn_name = "cosine" if wanted else "dot"
    if wanted and not isinstance(model[-1], Normalize):
        model.append(Normalize())
    while not wanted and isinstance(model[-1], Normalize):
        del model[-1]


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
