"""Make sure that a folder holds a translation model of the family and the language that are asked for."""

from pathlib import Path
from typing import Any

from hbir.core.errors import LanguageError, ModelError
from hbir.core.files import read_json
from hbir.core.languages import is_code_of
from hbir.core.model_folder import read_config, refuse_pointers
from hbir.translation.engines.families import Family


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


def check_target(folder: Path, target: str, where: str) -> None:
    """Make sure that a model of OPUS-MT with one target has the one that is asked for.

    Args:
        folder: with `vocab.json` and `tokenizer_config.json`; one that does not say its target passes.
        target: the language's ISO 639-1 code.
        where: what to call the engine in a message.

    Raises:
        LanguageError: when its target is another language.
    """
    named = read_config(folder / "tokenizer_config.json", where).get("target_lang")
    if named is None or is_code_of(str(named), target) or _targets(folder) > 1:
        return
    raise LanguageError(
        where=where,
        expected=f"a model that translates into {target!r}",
        found=f"`target_lang` {named!r} in the tokenizer_config.json of {folder}",
        hint="Name a model of that language, `{lang}` in its path standing for the code; or correct the entry, "
        "where the model was trained further.",
    )


def _targets(folder: Path) -> int:
    return sum(token.startswith(">>") and token.endswith("<<") for token in read_json(folder / "vocab.json"))
