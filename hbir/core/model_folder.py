"""Look into a model's folder before it is loaded: its small files, what it lacks, what decides its output."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hbir.core.errors import DataError, ModelError
from hbir.core.files import read_json
from hbir.core.hashing import digest, file_digest
from hbir.core.hub.models import PICKLED, SAFE

MODULES = "modules.json"
"""What makes a folder one of sentence-transformers."""
ST_CONFIG = "config_sentence_transformers.json"
"""Where sentence-transformers keeps prompts, similarity and the kind of model."""
ADAPTER = "adapter_config.json"
"""What makes a folder an addition to another model, which peft saved."""
_TOKENIZERS = ("tokenizer.json", "vocab*", "*.vocab", "*.model", "*.spm", "whitespacetokenizer_config.json")
_LONGEST_POINTER = 1024
"""Bytes, as its specification says."""
_LAYERS = 1000
"""More than any model has."""
_BYTES = ("ByT5Tokenizer", "CanineTokenizer", "PerceiverTokenizer")
"""Tokenizers of bytes or characters, which need no vocabulary."""


def refuse_pointers(folder: Path, where: str) -> None:
    """Refuse a clone whose large files Git LFS has not brought yet.

    Args:
        folder: the model's files.
        where: what to call the model in a message.

    Raises:
        ModelError: when a file is a pointer of Git LFS.
    """
    files = {path for pattern in (*SAFE, *PICKLED) for path in folder.rglob(pattern) if path.is_file()}
    pointers = sorted(path for path in files if _is_pointer(path))
    if pointers:
        raise ModelError(
            where=where,
            expected=f"the content of {pointers[0].relative_to(folder)}",
            found=f"a pointer of Git LFS, in {len(pointers):,} of its files",
            hint=f"Run `git lfs pull` in {folder}, or download the files again.",
        )


def _is_pointer(path: Path) -> bool:
    if path.stat().st_size > _LONGEST_POINTER:
        return False
    return path.read_bytes().startswith(b"version https://git-lfs.github.com/spec/")


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


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value >= 0


def _is_layers(value: Any) -> bool:
    return _is_count(value) and value <= _LAYERS


_SANE: dict[str, dict[str, Callable[[Any], bool]]] = {
    "config.json": {
        "model_type": _is_text,
        **dict.fromkeys(("num_hidden_layers", "num_layers", "num_decoder_layers", "n_layers"), _is_layers),
    },
    "sentence_bert_config.json": {"max_seq_length": _is_count},
}
"""What a setting must be, where a file has it."""


def require_sane_settings(folder: Path, where: str) -> None:
    """Refuse settings on which the libraries stumble, or of which they make layers without end.

    Args:
        folder: the model's files.
        where: what to call the model in a message.

    Raises:
        ModelError: when one is of another type, or far beyond any model's.
    """
    for name, checks in _SANE.items():
        for path in (*folder.glob(name), *sorted(folder.glob(f"*/{name}"))):
            config = read_config(path, where)
            for key, is_sane in checks.items():
                if config.get(key) is not None and not is_sane(config[key]):
                    raise _broken(path, where, f"{key} {str(config[key])[:40]}")


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
        if Path(part["path"]).is_absolute() or ".." in Path(part["path"]).parts:
            raise _broken(folder / MODULES, where, f"a module outside of the folder, {part['path']!r}")
        try:
            refuse_adapter(folder / part["path"], where)
        except OSError as error:
            raise _broken(folder / MODULES, where, f"a module in no folder ({error.strerror})") from error
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


def model_digest(folder: Path, patterns: Sequence[str] = SAFE) -> str:
    """Hash the files of a model that decide what it writes: weights, configs, vocabularies.

    Args:
        folder: of the model; what lies in folders below it, a README or a hidden file does not count.
        patterns: of the names that do.

    Returns:
        One SHA-256 in hexadecimal.
    """
    files = {path for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    shown = sorted(path for path in files if not path.name.startswith("."))
    return digest("\n".join(f"{path.name} {file_digest(path)}" for path in shown))


def require_files(folder: Path, names: Sequence[str], where: str, hint: str) -> None:
    """Refuse a folder without all files of a tokenizer; transformers would make an empty one, or a wrong one.

    Args:
        folder: with the tokenizer.
        names: what its class reads.
        where: what to call the model in a message.
        hint: what to do.

    Raises:
        ModelError: when one is missing.
    """
    absent = [name for name in names if not (folder / name).is_file()]
    if absent:
        raise ModelError(
            where=where, expected=f"the tokenizer in {folder}", found=f"no {', '.join(absent)}", hint=hint
        )


def require_vocabulary(folder: Path, where: str) -> None:
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
        return read_json(path, finite=False)
    except DataError as error:
        raise _broken(path, where, error.found) from error


def _broken(path: Path, where: str, found: str) -> ModelError:
    return ModelError(
        where=f"{where}: {path.name}",
        expected="the JSON that a saved model has",
        found=found,
        hint="Download or copy that file again.",
    )
