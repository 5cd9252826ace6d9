"""Read the small files of a model's folder, and find what it lacks."""

from pathlib import Path
from typing import Any

from hbir.core.errors import DataError, ModelError
from hbir.core.files import read_json

MODULES = "modules.json"
"""What makes a folder one of sentence-transformers."""
ADAPTER = "adapter_config.json"
"""What makes a folder an addition to another model, which peft saved."""
_TOKENIZERS = ("tokenizer.json", "vocab*", "*.vocab", "*.model", "*.spm", "whitespacetokenizer_config.json")
_BYTES = ("ByT5Tokenizer", "CanineTokenizer", "PerceiverTokenizer")
"""Tokenizers of bytes or characters, which need no vocabulary."""


def read_config(path: Path, where: str) -> dict[str, Any]:
    """Read a JSON object of a model.

    Args:
        path: the file.
        where: what to call the model in a message.

    Returns:
        Its keys and values.

    Raises:
        ModelError: when it is no JSON object.
    """
    value = _read(path, where)
    if not isinstance(value, dict):
        raise _broken(path, where, f"a {type(value).__name__}")
    return value


def read_modules(folder: Path, where: str) -> list[str]:
    """Read the kinds of a sentence-transformers folder's modules.

    Args:
        folder: the model's files.
        where: what to call the model in a message.

    Returns:
        Their classes in order, as the file names them.

    Raises:
        ModelError: when the file is no list of modules with `type` and `path`, or one of them is an adapter.
    """
    parts = _read(folder / MODULES, where)
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise _broken(folder / MODULES, where, "no list of modules")
    for part in parts:
        for key in ("type", "path"):
            if not isinstance(part.get(key), str):
                raise _broken(folder / MODULES, where, f"a module without `{key}`")
        refuse_adapter(folder / part["path"], where)
    return [part["type"] for part in parts]


def refuse_adapter(folder: Path, where: str) -> None:
    """Refuse a folder that peft saved: its base lies elsewhere, at no recorded commit.

    Args:
        folder: the files of a model or of a module.
        where: what to call the model in a message.

    Raises:
        ModelError: when it is one.
    """
    if (folder / ADAPTER).is_file():
        base = _read(folder / ADAPTER, where)
        named = base.get("base_model_name_or_path") if isinstance(base, dict) else None
        raise ModelError(
            where=where,
            expected="a whole model",
            found=f"{ADAPTER}, an addition to {named or 'another model'}",
            hint="Merge it into its base model first (peft's `merge_and_unload`), save that, and name it.",
        )


def require_tokenizer(folder: Path, where: str) -> None:
    """Refuse a folder without a vocabulary, of which the library would know no word and not say so.

    Args:
        folder: the model's files.
        where: what to call the model in a message.

    Raises:
        ModelError: when there is none.
    """
    config = folder / "tokenizer_config.json"
    named = read_config(config, where) if config.is_file() else {}
    if "auto_map" in named or str(named.get("tokenizer_class")).removesuffix("Fast") in _BYTES:
        return
    if any(path.is_file() for pattern in _TOKENIZERS for path in folder.rglob(pattern)):
        return
    raise ModelError(
        where=where,
        expected="a tokenizer (tokenizer.json, vocab.txt or sentencepiece.bpe.model)",
        found="no such file, so that every word would be unknown",
        hint="Copy the tokenizer's files into the folder, from where the model was saved.",
    )


def _read(path: Path, where: str) -> Any:
    try:
        return read_json(path)
    except DataError as error:
        raise _broken(path, where, error.found) from error


def _broken(path: Path, where: str, found: str) -> ModelError:
    return ModelError(
        where=f"{where}: {path.name}",
        expected="the JSON that a saved model has",
        found=found,
        hint="Download or copy that file again.",
    )
