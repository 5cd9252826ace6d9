"""Find out how a model is given the target language, and whether it is the one that is asked for."""

import difflib
from pathlib import Path

from hbir.core.errors import LanguageError
from hbir.core.files import read_json
from hbir.core.languages import ENGLISH, LANGUAGES, Language, is_code_of, language, language_code
from hbir.core.model_folder import read_config
from hbir.translation.engines.families import FAMILIES, Family


def code_of(family: Family, target: str, where: str) -> str:
    """Find what a family calls a language.

    Args:
        family: of models.
        target: the language's ISO 639-1 code.
        where: what to call the engine in a message.

    Returns:
        The code, token or, for OPUS-MT, the id of the model.

    Raises:
        LanguageError: when the table or the family lacks the language.
    """
    known = language(target, where)
    code = family.code(known)
    if code is None:
        raise _lacking(family, known, where)
    return code


def model_of(family: Family, model: str | None, target: str, where: str) -> str:
    """Find the model of a language.

    Args:
        family: of models.
        model: a folder or an id of the Hub, `{lang}` standing for the language; None for the family's own.
        target: the language's ISO 639-1 code.
        where: what to call the engine in a message.

    Returns:
        The folder or id.

    Raises:
        LanguageError: when the table or the family lacks the language.
    """
    if model is not None:
        language(target, where)
        return model.replace("{lang}", target)
    return family.model or code_of(family, target, where)


def token_of(family: Family, target: str, token: str | None, where: str) -> str | None:
    """Find what tells a model the target language.

    Args:
        family: of models.
        target: the language's ISO 639-1 code.
        token: the user's own; None for the table's.
        where: what to call the engine in a message.

    Returns:
        The token; None where the table says that OPUS-MT's model has one target.

    Raises:
        LanguageError: when the table or the family lacks the language.
    """
    if token is not None:
        return token
    return language(target, where).opus_token if family.name == "opus" else code_of(family, target, where)


def is_named_opus(family: Family, model: str | None, token: str | None) -> bool:
    """Tell whether the user named a model of OPUS-MT, which may be of another language.

    Args:
        family: of the model.
        model: as in params.yaml.
        token: the user's own, which decides the language whatever the model says.

    Returns:
        Whether its target must be looked at.
    """
    return family.name == "opus" and model is not None and token is None


def check_languages(folder: Path, target: str, where: str) -> None:
    """Make sure that a model of OPUS-MT reads English, and with one target has the one that is asked for.

    Args:
        folder: with `vocab.json` and `tokenizer_config.json`; one that does not say its languages passes.
        target: the language's ISO 639-1 code.
        where: what to call the engine in a message.

    Raises:
        LanguageError: when its source or its target is another language.
    """
    config = read_config(folder / "tokenizer_config.json", where)
    source, named = config.get("source_lang"), config.get("target_lang")
    if source is not None and _is_another_language(str(source), ENGLISH):
        raise LanguageError(
            where=where,
            expected="a model that translates from English",
            found=f"`source_lang` {source!r} in the tokenizer_config.json of {folder}",
            hint="Name a model from English; or correct the entry, where the model was trained further.",
        )
    if named is None or is_code_of(str(named), target) or _targets(folder) > 1:
        return
    raise LanguageError(
        where=where,
        expected=f"a model that translates into {target!r}",
        found=f"`target_lang` {named!r} in the tokenizer_config.json of {folder}",
        hint="Name a model of that language, `{lang}` in its path standing for the code; or correct the entry, "
        "where the model was trained further.",
    )


def _lacking(family: Family, known: Language, where: str) -> LanguageError:
    mine = [code for code, other in LANGUAGES.items() if family.code(other) and code != "en"]
    near = difflib.get_close_matches(known.code, mine, n=3, cutoff=0.0)
    others = [other.name for other in FAMILIES.values() if other is not family and other.code(known)]
    return LanguageError(
        where=where,
        expected=f"one of the {len(mine)} languages that {family.name} knows, such as {', '.join(near)}",
        found=f"{known.code!r} ({known.name})",
        hint=f"Use {' or '.join(others)} for it." if others else "Choose another language.",
    )


def _is_another_language(name: str, code: str) -> bool:
    """Tell a language of the table from the group of many languages that a model may name, such as `gem`."""
    try:
        named = language_code(name)
    except LanguageError:
        return False
    return named in LANGUAGES and named != code


def _targets(folder: Path) -> int:
    return sum(token.startswith(">>") and token.endswith("<<") for token in read_json(folder / "vocab.json"))
