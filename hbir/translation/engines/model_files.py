"""Look into a model's folder: whether it is of the family that params.yaml names, and whole."""

from pathlib import Path
from typing import Any

from hbir.core.errors import ModelError
from hbir.core.model_folder import read_config, refuse_pointers, require_files
from hbir.translation.engines.families import Family

_CLASSES = {
    "NllbTokenizer": "nllb",
    "M2M100Tokenizer": "m2m100",
    "MarianTokenizer": "opus",
    "T5Tokenizer": "madlad",
}
"""What the tokenizer_config.json of each family calls its tokenizer."""


def require_tokenizer(folder: Path, family: Family, where: str, hint: str) -> None:
    """Refuse a folder whose tokenizer is of another family, or lacks a file.

    Args:
        folder: with the tokenizer.
        family: of the model, as params.yaml names it.
        where: what to call the engine in a message.
        hint: what to do where a file is missing.

    Raises:
        ModelError: when it is of another family, or not whole.
    """
    path = folder / "tokenizer_config.json"
    named = str(read_config(path, where).get("tokenizer_class")) if path.is_file() else ""
    other = _CLASSES.get(named.removesuffix("Fast"), family.name)
    if other != family.name:
        raise ModelError(
            where=where,
            expected=f"a tokenizer of {family.name} in {folder}",
            found=f"`tokenizer_class` {named}, which is {other}'s",
            hint=f"Name {other} as engine or family, or another model.",
        )
    require_files(folder, family.files, where, hint)


def positions_of(config: dict[str, Any], family: Family, where: str) -> int | None:
    """Find the most tokens that a model writes.

    Args:
        config: its `config.json`.
        family: of the model.
        where: what to call the engine in a message.

    Returns:
        Tokens; None where positions are relative.

    Raises:
        ModelError: when the config says no number.
    """
    positions = config.get("max_position_embeddings", family.positions)
    if positions is not None and (not isinstance(positions, int) or positions < 1):
        raise ModelError(
            where=f"{where}: config.json",
            expected="`max_position_embeddings` that is a number",
            found=repr(positions),
            hint="Download or copy that file again.",
        )
    return positions


def check_generation_config(folder: Path, where: str) -> None:
    """Refuse a broken `generation_config.json`, which transformers would pass over.

    Args:
        folder: of the model, with that file or without.
        where: what to call the engine in a message.

    Raises:
        ModelError: when it is no JSON object.
    """
    path = folder / "generation_config.json"
    if path.is_file():
        read_config(path, where)


def read_family_config(folder: Path, family: Family, where: str) -> dict[str, Any]:
    """Read the config of a model, and make sure that it is one of the family.

    Args:
        folder: of the model.
        family: that params.yaml names.
        where: what to call the engine in a message.

    Returns:
        `config.json`.

    Raises:
        ModelError: when there is none, it is broken, or it is of another architecture.
    """
    refuse_pointers(folder, where)
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(
            where=where, expected=f"config.json in {folder}", found="none", hint="Name the folder of a model."
        )
    config = read_config(path, where)
    kind = config.get("model_type")
    if kind not in family.types:
        raise ModelError(
            where=where,
            expected=f"a model of {family.name}, `model_type` {' or '.join(family.types)}, in {folder}",
            found=f"`model_type` {kind}",
            hint="Name another model, or the engine that it belongs to.",
        )
    return config
