"""Make the one starting point that every sampler shares."""

from collections.abc import Iterable, Mapping

from sentence_transformers import SentenceTransformer

from hbir.core.errors import ModelError
from hbir.core.model_folder import MODULES, ST_CONFIG
from hbir.encoding.loading import ANOTHER, open_folder
from hbir.encoding.params import EncoderParams
from hbir.encoding.presets import PROMPTS, SCRATCH, PoolingMode
from hbir.encoding.prompts import published_prompts
from hbir.encoding.scratch import build_static, build_tiny
from hbir.encoding.settings import set_lengths, set_pooling, set_similarity
from hbir.encoding.sources import CODE, Source, find_source, refuse_revision

_WHERE = "params.yaml: encoder.name"
_REVISION = "params.yaml: encoder.revision"


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
        pooling, prompts = params.pooling, _prompts(params, None)
    else:
        source = find_source(params.name, params.revision, _WHERE, params.trust_remote_code)
        if not source.revision:
            refuse_revision(params.revision, _REVISION, "a folder")
        _require_pin(params, source)
        model = _pretrained(params, source, seed)
        pooling, prompts = _pooling(params, source), _prompts(params, source)
    if pooling is not None:
        set_pooling(model, pooling)
    model.prompts = model.prompts | prompts
    set_lengths(model, params)
    set_similarity(model, params.normalize)
    return model


def _require_pin(params: EncoderParams, source: Source) -> None:
    """Let code of the Hub run at the commit that params.yaml names alone: the same code on every machine."""
    if not source.revision or params.revision == source.revision or not any(source.path.rglob(CODE)):
        return
    raise ModelError(
        where=_REVISION,
        expected="the whole commit whose code you have read, since `encoder.trust_remote_code` is true",
        found=params.revision or "null",
        hint=f"Here it is {source.revision}: read the .py files of that commit, and name it in that key.",
    )


def _pretrained(params: EncoderParams, source: Source, seed: int) -> SentenceTransformer:
    model = open_folder(source.path, _WHERE, ANOTHER, "cpu", params.trust_remote_code, seed=seed).float()
    if model.truncate_dim is not None:
        raise ModelError(
            where=_WHERE,
            expected="an encoder that is trained in all of its dimensions",
            found=f"truncate_dim {model.truncate_dim} in its {ST_CONFIG}",
            hint="Copy its folder, set `truncate_dim` to null in that file, and name the copy.",
        )
    model.model_card_data.base_model_revision = source.revision or None
    return model


def _pooling(params: EncoderParams, source: Source) -> PoolingMode | None:
    """Return what replaces the pooling of the loaded model; None where that is the model's own."""
    if params.pooling is not None or (source.path / MODULES).is_file():
        return params.pooling
    return source.preset.pooling if source.preset else "mean"


def _prompts(params: EncoderParams, source: Source | None) -> Mapping[str, str]:
    if params.prompts is not None:
        return {"query": params.prompts.query, "document": params.prompts.document}
    if source is None:
        return PROMPTS
    if source.preset:
        return source.preset.prompts or PROMPTS
    return published_prompts(source.path, _WHERE) or PROMPTS
