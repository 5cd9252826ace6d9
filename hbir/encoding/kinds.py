"""Tell an encoder from another kind of model by its configuration, before its weights are loaded."""

from pathlib import Path
from typing import Any

from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)

from hbir.core.errors import ModelError
from hbir.core.files import read_json

T5 = ("t5", "mt5", "umt5")
"""Sequence-to-sequence models whose encoder stack sentence-transformers loads alone."""
ENCODERS = frozenset(MODEL_FOR_MASKED_LM_MAPPING_NAMES) - frozenset(
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
)
"""Values of `model_type` that read a text in both directions."""
MODULES = "modules.json"
"""What makes a folder one of sentence-transformers."""
_LIBRARY = "sentence_transformers."


def require_encoder(folder: Path, where: str, trusted: bool) -> None:
    """Refuse what is no encoder of texts, and what needs code that is not trusted.

    Args:
        folder: the model's files.
        where: what to call the model in a message.
        trusted: whether code that comes with the model may run.

    Raises:
        ModelError: when it is another kind of model, or needs such code.
    """
    modules, config = folder / MODULES, folder / "config.json"
    if modules.is_file():
        if not trusted:
            _refuse_code(folder, where)
        return
    if not config.is_file():
        raise ModelError(
            where=where,
            expected="an encoder of sentence-transformers or transformers",
            found="neither modules.json nor config.json",
            hint="Name the folder or id that holds them.",
        )
    _check(read_json(config), where, trusted)


def _check(config: dict[str, Any], where: str, trusted: bool) -> None:
    kind, foreign = config.get("model_type"), _foreign(config)
    if (foreign and trusted) or kind in ENCODERS or kind in T5:
        return
    if foreign:
        raise _untrusted(where, f"model_type {kind}")
    names = ", ".join(config.get("architectures") or ["no architecture named"])
    raise ModelError(
        where=where,
        expected="an encoder, such as bert, xlm-roberta, modernbert, or the encoder of t5, mt5, umt5",
        found=f"model_type {kind} ({names})",
        hint="Choose another: `python -m hbir encoders` lists those that have a short name.",
    )


def _refuse_code(folder: Path, where: str) -> None:
    own = [part["type"] for part in read_json(folder / MODULES) if not part["type"].startswith(_LIBRARY)]
    configs = [read_json(path) for path in (*folder.glob("config.json"), *folder.glob("*/config.json"))]
    own += [f"model_type {config.get('model_type')}" for config in configs if _foreign(config)]
    if own:
        raise _untrusted(where, own[0])


def _foreign(config: dict[str, Any]) -> bool:
    return config.get("model_type") not in CONFIG_MAPPING_NAMES and "auto_map" in config


def _untrusted(where: str, found: str) -> ModelError:
    return ModelError(
        where=where,
        expected="a model that needs no code of its own",
        found=f"{found}, whose code comes with the model",
        hint="Read that code, then set `encoder.trust_remote_code: true`, or pass `--trust-remote-code`.",
    )
