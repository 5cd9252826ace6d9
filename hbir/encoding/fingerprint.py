"""Hash what decides an encoder's embeddings."""

import hashlib
import inspect
import json
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Module
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from hbir.core.precision import FP32, Precision

_ORIGIN = ("_name_or_path", "transformers_version", "auto_map")
"""What a config says of where its model was loaded from, and by what."""
_LIBRARIES = ("torch", "transformers", "sentence_transformers")


def encoder_fingerprint(model: SentenceTransformer, precision: Precision = FP32) -> str:
    """Hash everything of an encoder that decides its embeddings, wherever it was loaded from.

    Args:
        model: the encoder.
        precision: in which it embeds; others than float32 make it another encoder.

    Returns:
        SHA-256 in hexadecimal over weights, modules with their configs, tokenizers, prompts, lengths and the
        code of modules that no library brings.
    """
    settings = [model.prompts, model.default_prompt_name, model.similarity_fn_name, model.truncate_dim]
    parts = [_settings(part) for part in model.modules() if isinstance(part, Module | PreTrainedModel)]
    settings += [precision] if precision != FP32 else []
    sha = hashlib.sha256(json.dumps([settings, parts], sort_keys=True, default=str).encode())
    for source in sorted({_source(type(part)) for part in model.modules()} - {""}):
        sha.update(source.encode())
    for name, weight in sorted(model.state_dict().items()):
        sha.update(f"{name} {weight.dtype} {tuple(weight.shape)}".encode())
        sha.update(weight.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy().data)
    return sha.hexdigest()


def _source(kind: type) -> str:
    """Return the code of the file that defines a module; of a library, the version is on record elsewhere."""
    if kind.__module__.split(".")[0] in _LIBRARIES:
        return ""
    path = inspect.getsourcefile(kind)
    return Path(path).read_text(encoding="utf-8") if path else kind.__qualname__


def module_settings(part: Module) -> list[Any]:
    """List what decides what a module does, but for its weights.

    Args:
        part: a module of sentence-transformers.

    Returns:
        Its class, its config as text (for the keys of a router's are tuples), its longest input, its tokenizer.
    """
    longest, tokenizer = getattr(part, "max_seq_length", None), getattr(part, "tokenizer", None)
    return [type(part).__name__, str(part.get_config_dict()), longest, _tokenization(tokenizer)]


def module_config(part: PreTrainedModel) -> dict[str, Any]:
    """Read the config of a transformer.

    Args:
        part: the transformer.

    Returns:
        Its config, without what it says of its origin.
    """
    config: dict[str, Any] = json.loads(part.config.to_json_string(use_diff=False), object_hook=_without_origin)
    return config


def _settings(part: Module | PreTrainedModel) -> list[Any]:
    if isinstance(part, PreTrainedModel):
        return [type(part).__name__, module_config(part)]
    return module_settings(part)


def _without_origin(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _ORIGIN}


def _tokenization(tokenizer: Any) -> Any:
    """Return what decides the ids of a text, as the kind of tokenizer can say it."""
    if tokenizer is None:
        return None
    if isinstance(tokenizer, Tokenizer):
        return tokenizer.to_str()
    if not hasattr(tokenizer, "backend_tokenizer"):
        return tokenizer.get_vocab()
    # Every call leaves its own padding and truncation behind, of which only the sides belong to the encoder.
    sides = {"padding": tokenizer.padding_side, "truncation": tokenizer.truncation_side}
    return json.loads(tokenizer.backend_tokenizer.to_str()) | sides
