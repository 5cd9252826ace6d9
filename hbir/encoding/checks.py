"""Tell a dense encoder from another kind of model by its files, before its weights are loaded."""

from pathlib import Path
from typing import Any

from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)

from hbir.core.errors import ModelError
from hbir.core.model_folder import (
    MODULES,
    ST_CONFIG,
    read_config,
    read_modules,
    refuse_adapter,
    refuse_pointers,
    require_sane_settings,
    require_vocabulary,
)

T5 = ("t5", "mt5", "umt5")
"""Sequence-to-sequence models whose encoder stack sentence-transformers loads alone."""
ENCODERS = frozenset(MODEL_FOR_MASKED_LM_MAPPING_NAMES) - frozenset(
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
)
"""Values of `model_type` that read a text in both directions."""
CAUSAL = frozenset(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES) - ENCODERS
"""Values of `model_type` whose first token sees no other."""
_LIBRARY = "sentence_transformers."
_RERANKER = "a reranker (CrossEncoder), which reads query and passage together"
_SPARSE = "a sparse encoder (such as SPLADE), whose embeddings are weights of words"
_MULTI_VECTOR = "a multi-vector encoder (such as ColBERT), which has an embedding for every token"
_OTHER_KINDS = {
    "CrossEncoder": _RERANKER,
    "SparseEncoder": _SPARSE,
    "MultiVectorEncoder": _MULTI_VECTOR,
    "ColBERT": _MULTI_VECTOR,
}
"""Values of `model_type` in the config of sentence-transformers or PyLate that are no dense encoders."""
_OTHER_MODULES = {
    "sentence_transformers.cross_encoder.": _RERANKER,
    "sentence_transformers.sparse_encoder.": _SPARSE,
    "sentence_transformers.multi_vector_encoder.": _MULTI_VECTOR,
    "pylate.": _MULTI_VECTOR,
}
"""The same by the beginning of a module's class, for folders that older versions saved."""
_OTHER_HEADS = {
    "ForSequenceClassification": "a classifier or reranker, which gives a text or a pair of texts a score",
    "ForTokenClassification": "a tagger, which labels the tokens of a text",
    "ForQuestionAnswering": "a reader, which marks the answer in a passage",
    "ForMultipleChoice": "a model for multiple choice",
}
"""Ends of the names of architectures that were trained for something else than an embedding."""


def require_encoder(folder: Path, where: str, trusted: bool) -> None:
    """Refuse what is no encoder of texts, what is not whole, and what needs code that is not trusted.

    Args:
        folder: the model's files.
        where: what to call the model in a message.
        trusted: whether code that comes with the model may run.

    Raises:
        ModelError: when it is another kind of model, lacks a file, or needs such code.
    """
    refuse_pointers(folder, where)
    refuse_adapter(folder, where)
    bare = not (folder / MODULES).is_file()
    if bare and not (folder / "config.json").is_file():
        raise ModelError(
            where=where,
            expected="an encoder of sentence-transformers or transformers",
            found="neither modules.json nor config.json",
            hint="Name the folder or id that holds them.",
        )
    require_sane_settings(folder, where)
    kinds = [] if bare else read_modules(folder, where)
    _refuse_other_kinds(folder, kinds, where)
    kinds_with_code = [kind for kind in kinds if not kind.startswith(_LIBRARY)]
    configs = [read_config(path, where) for path in _configs(folder)]
    if not trusted:
        _refuse_code(kinds_with_code, configs, where)
    else:
        _refuse_elsewhere(folder, where)
    if bare:
        _check(configs[0], where)
    if any(config.get("is_decoder") for config in configs):
        raise _other(where, "a decoder (is_decoder: true in its config.json), whose tokens see no later ones")
    if not kinds_with_code:
        require_vocabulary(folder, where)


def needs_code(config: dict[str, Any]) -> bool:
    """Tell whether a model's architecture is in code of its own.

    Args:
        config: the content of its config.json.

    Returns:
        Whether it names such code and the library does not know its kind.
    """
    return config.get("model_type") not in CONFIG_MAPPING_NAMES and "auto_map" in config


def untrusted(where: str, found: str, hint: str = "") -> ModelError:
    """Build the error for a model that needs code of its own.

    Args:
        where: what to call the model in a message.
        found: what needs it.
        hint: what to do; empty for the switch that trusts it.

    Returns:
        The error, to be raised by the caller.
    """
    return ModelError(
        where=where,
        expected="a model that needs no code of its own",
        found=f"{found}, whose code comes with the model",
        hint=hint
        or "Read that code, then set `encoder.trust_remote_code: true`, or pass `--trust-remote-code`.",
    )


def _configs(folder: Path) -> list[Path]:
    return [*folder.glob("config.json"), *sorted(folder.glob("*/config.json"))]


def _refuse_other_kinds(folder: Path, kinds: list[str], where: str) -> None:
    path = folder / ST_CONFIG
    named = str(read_config(path, where).get("model_type")) if path.is_file() else ""
    modules = (text for kind in kinds for start, text in _OTHER_MODULES.items() if kind.startswith(start))
    if found := _OTHER_KINDS.get(named) or next(modules, None):
        raise _other(where, found)


def _check(config: dict[str, Any], where: str) -> None:
    kind, named = config.get("model_type"), config.get("architectures")
    names = list(map(str, named)) if isinstance(named, list) else []
    for name in names:
        for end, text in _OTHER_HEADS.items():
            if name.endswith(end):
                raise _other(where, f"{text} ({name})")
    if not (needs_code(config) or kind in ENCODERS or kind in T5):
        raise _other(where, f"model_type {kind} ({', '.join(names) or 'no architecture named'})")


def _other(where: str, found: str) -> ModelError:
    return ModelError(
        where=where,
        expected="a dense encoder, such as bert, xlm-roberta, modernbert, or the encoder of t5, mt5, umt5",
        found=found,
        hint="Choose another: `python -m hbir encoders` lists those that have a short name.",
    )


def _refuse_code(kinds: list[str], configs: list[dict[str, Any]], where: str) -> None:
    found = [*kinds, *(f"model_type {config.get('model_type')}" for config in configs if needs_code(config))]
    if found:
        raise untrusted(where, found[0])


def _refuse_elsewhere(folder: Path, where: str) -> None:
    """Refuse code of another repository: no recorded commit would hold it, and no folder carry it along."""
    paths = [*_configs(folder), *folder.glob("tokenizer_config.json")]
    named = [value for path in paths for value in _classes(read_config(path, where))]
    other = next((value for value in named if "--" in value), None)
    if other:
        repo, _, name = other.partition("--")
        raise ModelError(
            where=where,
            expected="code that lies beside the model",
            found=f"{name} of another repository, {repo}",
            hint=f"Put model and code into one folder: copy the .py files of {repo} beside config.json, remove "
            f"`{repo}--` from `auto_map` there, and name that folder.",
        )


def _classes(config: dict[str, Any]) -> list[str]:
    named = config.get("auto_map") or {}
    values = named.values() if isinstance(named, dict) else [named]
    return [name for value in values for name in (value if isinstance(value, list) else [value]) if name]
