"""Check which engine translates into which language, before anything is read or translated."""

import json
from collections.abc import Sequence
from typing import Any

from hbir.core.errors import ParamsError
from hbir.core.languages import ENGLISH, language
from hbir.core.params import unknown
from hbir.translation.engines.registry import named_at, parsed
from hbir.translation.params import TranslateParams

OVERRIDES = "params.yaml: translate.languages"
_OF_ONE = ("mode", "token")
"""Options that name a language themselves."""
_FILES = ("model", "tokenizer", "path")


def chosen(params: TranslateParams, languages: Sequence[str]) -> dict[str, str]:
    """Check every engine of the section.

    Args:
        params: the section `translate`.
        languages: those of the project.

    Returns:
        Language → name of its engine; English is not translated.

    Raises:
        ParamsError: when an engine or a key of it is unknown, an override is of no language of the project, or
            what translates into one language is named for several.
        LanguageError: when one model of OPUS-MT is named for several languages, and the table lacks one.
    """
    targets = [lang for lang in languages if lang != ENGLISH]
    parsed(params.engine)
    for lang in params.languages:
        if lang not in targets:
            raise unknown(OVERRIDES, lang, targets)
    found = {lang: parsed(params.of(lang), named_at(params, lang))[1] for lang in targets}
    served: dict[str, list[str]] = {}
    for lang in targets:
        served.setdefault(json.dumps(params.of(lang), sort_keys=True), []).append(lang)
    for langs in served.values():
        if len(langs) > 1:
            _check_all(found[langs[0]], langs, named_at(params, langs[0]))
    return {lang: given.name for lang, given in found.items()}


def _check_all(given: Any, langs: Sequence[str], where: str) -> None:
    """Refuse what would file one language under the names of several."""
    for key in _OF_ONE:
        if getattr(given, key, None) is not None:
            raise _of_one(where, key, getattr(given, key), langs)
    for key in _FILES:
        value = getattr(given, key, None)
        if value is not None and "{lang}" not in value and _has_one_target(given, langs, where):
            raise _of_one(where, key, value, langs)


def _has_one_target(given: Any, langs: Sequence[str], where: str) -> bool:
    """Tell whether an engine's files are of one language; an OPUS-MT model of several has a token for each."""
    if given.name == "glossary":
        return True
    opus = "opus" in (given.name, getattr(given, "family", None))
    return opus and any(language(lang, where).opus_token is None for lang in langs)


def _of_one(where: str, key: str, value: str, langs: Sequence[str]) -> ParamsError:
    more = "" if key in _OF_ONE else "Write `{lang}` in it for the language, or n"
    return ParamsError(
        where=f"{where}.{key}",
        expected=f"one for each of {', '.join(langs)}",
        found=f"{value!r} for all",
        hint=f"{more or 'N'}ame an engine for each language under `translate.languages`.",
    )
