"""Look into the folder of a model before it is loaded: what decides, what is missing, what does not fit."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hbir.core.errors import LanguageError, ModelError
from hbir.core.files import read_json
from hbir.core.hashing import digest, file_digest
from hbir.core.hub_models import SAFE
from hbir.core.languages import is_code_of
from hbir.translation.families import Family


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


def read_config(folder: Path, family: Family, where: str) -> Mapping[str, Any]:
    """Read the config of a model, and make sure that it is one of the family.

    Args:
        folder: of the model.
        family: that params.yaml names.
        where: what to call the engine in a message.

    Returns:
        `config.json`.

    Raises:
        ModelError: when there is none, or it is of another architecture.
        DataError: when it is no JSON.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(
            where=where, expected=f"config.json in {folder}", found="none", hint="Name the folder of a model."
        )
    config = read_json(path)
    kind = config.get("model_type")
    if kind not in family.types:
        raise ModelError(
            where=where,
            expected=f"a model of {family.name}, `model_type` {' or '.join(family.types)}, in {folder}",
            found=f"`model_type` {kind}",
            hint="Name another model, or the engine that it belongs to.",
        )
    return dict(config)


def require_tokenizer(folder: Path, family: Family, where: str, hint: str) -> None:
    """Refuse a folder without all files of the tokenizer; transformers would make an empty one, or a wrong one.

    Args:
        folder: with the tokenizer.
        family: of the model.
        where: what to call the engine in a message.
        hint: what to do.

    Raises:
        ModelError: when one is missing.
    """
    absent = [name for name in family.files if not (folder / name).is_file()]
    if absent:
        raise ModelError(
            where=where, expected=f"the tokenizer in {folder}", found=f"no {', '.join(absent)}", hint=hint
        )


def check_target(folder: Path, target: str, where: str) -> None:
    """Make sure that a model of OPUS-MT with one target has the one that is asked for.

    Args:
        folder: with `vocab.json` and `tokenizer_config.json`; one that does not say its target passes.
        target: the language's ISO 639-1 code.
        where: what to call the engine in a message.

    Raises:
        LanguageError: when its target is another language.
    """
    told = read_json(folder / "tokenizer_config.json").get("target_lang")
    if told is None or is_code_of(str(told), target) or _targets(folder) > 1:
        return
    raise LanguageError(
        where=where,
        expected=f"a model that translates into {target!r}",
        found=f"`target_lang` {told!r} in the tokenizer_config.json of {folder}",
        hint="Name a model of that language, `{lang}` in its path standing for the code; or correct the entry, "
        "where the model was trained further.",
    )


def _targets(folder: Path) -> int:
    return sum(token.startswith(">>") and token.endswith("<<") for token in read_json(folder / "vocab.json"))
