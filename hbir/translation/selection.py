"""Choose the engine of every language, and make it."""

import json
import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from hbir.core.errors import ParamsError
from hbir.core.languages import ENGLISH, language, language_code
from hbir.core.params import unknown
from hbir.core.registry import Entry
from hbir.translation.engines.engine import Assignment, Engine
from hbir.translation.engines.registry import ENGINES, EngineKind
from hbir.translation.memory.memorised import MemorisedEngine
from hbir.translation.memory.memory import Memory, memory_path
from hbir.translation.params import TranslateParams

logger = logging.getLogger(__name__)
ENGINE = "params.yaml: translate.engine"
OVERRIDES = "params.yaml: translate.languages"
_NAMING_A_LANGUAGE = ("mode", "token")
"""Options that name a language themselves."""
_FILES = ("model", "tokenizer", "path")


class Selection(NamedTuple):
    """Hold the engine of one language, as params.yaml names it."""

    kind: EngineKind
    params: Any
    """Of the class that the kind has for them; `name` is the engine's."""
    entry: Entry
    """As it stands in params.yaml."""
    where: str
    """The file and key, for a message."""

    def assignment(self, target: str, threads: int) -> Assignment:
        """Say what the engine is made for.

        Args:
            target: the language's code.
            threads: CPU threads.

        Returns:
            What engines are made with.
        """
        return Assignment(target, threads, f"{self.where}: engine {self.params.name}, language {target}")


def select_engines(params: TranslateParams, languages: Sequence[str]) -> dict[str, Selection]:
    """Check the section, and find the engine of every language.

    Args:
        params: the section `translate`.
        languages: those of the project.

    Returns:
        Language → its engine; English is not translated.

    Raises:
        ParamsError: when an engine or a key of it is unknown, an override is of no language of the project, or
            what translates into one language is named for several.
        LanguageError: when one model of OPUS-MT is named for several languages, and the table lacks one.
    """
    targets = [lang for lang in languages if not is_english(lang)]
    ENGINES.parse(params.engine, ENGINE)
    overrides = _overrides(params, targets)
    selected: dict[str, Selection] = {}
    same: dict[str, list[str]] = {}
    for lang in targets:
        key = overrides.get(lang)
        entry, where = (params.languages[key], f"{OVERRIDES}.{key}") if key else (params.engine, ENGINE)
        selected[lang] = Selection(*ENGINES.parse(entry, where), entry, where)
        same.setdefault(json.dumps(entry, sort_keys=True), []).append(lang)
    for langs in same.values():
        if len(langs) > 1:
            _check_shared(selected[langs[0]], langs)
    return selected


def make_engine(params: TranslateParams, selection: Selection, target: str, threads: int) -> Engine:
    """Make the engine of a language.

    Args:
        params: the section `translate`.
        selection: the language's engine.
        target: the language's code.
        threads: CPU threads.

    Returns:
        The engine.

    Raises:
        ParamsError: when a key is wrong, or Ray is wanted and not installed.
        LanguageError: when the engine does not have the language.
        ModelError: when its model or program is missing or of another kind.
        DataError: when a file that it reads, or the memory, cannot be used.
    """
    kind, options = selection.kind, selection.params
    make = partial(kind.make, options, selection.assignment(target, threads))
    made = make()
    if not kind.by_sentence:
        if params.cluster is not None:
            message = "%s: engine %s has no model; translate.cluster is not used"
            logger.warning(message, selection.where, options.name)
        engine: Engine = made
        return engine
    runner = None
    if params.cluster is not None:
        from hbir.translation.cluster import RayRunner

        runner = RayRunner(make, threads, params.cluster)
    return MemorisedEngine(
        name=options.name,
        translator=made,
        memory=Memory(memory_path(params.memory, target)),
        target=target,
        batch_tokens=params.batch_tokens,
        runner=runner,
    )


def is_english(code: str) -> bool:
    """Tell whether a language is the source's.

    Args:
        code: a language of the project.

    Returns:
        Whether it is English, of whatever region.
    """
    return language_code(code, "params.yaml: languages") == ENGLISH


def _overrides(params: TranslateParams, targets: Sequence[str]) -> dict[str, str]:
    """Map languages to the keys of `translate.languages`, in which `pt-BR` is `pt`."""
    by_code = {language_code(lang): lang for lang in targets}
    found: dict[str, str] = {}
    for key in params.languages:
        lang = key if key in targets else by_code.get(language_code(key, OVERRIDES))
        if lang is None:
            raise unknown(OVERRIDES, key, targets)
        if lang in found:
            raise ParamsError(
                where=OVERRIDES,
                expected=f"one engine for {lang!r}",
                found=f"{found[lang]!r} and {key!r}",
                hint="Remove one.",
            )
        found[lang] = key
    return found


def _check_shared(selection: Selection, langs: Sequence[str]) -> None:
    """Refuse what would file one language under the names of several."""
    for key in _NAMING_A_LANGUAGE:
        if (value := getattr(selection.params, key, None)) is not None:
            raise _of_one_language(f"{selection.where}.{key}", value, langs, "N")
    for key in _FILES:
        value = getattr(selection.params, key, None)
        if value is not None and "{lang}" not in value and _has_one_target(selection, langs):
            hint = "Write `{lang}` in it for the language, or n"
            raise _of_one_language(f"{selection.where}.{key}", value, langs, hint)


def _has_one_target(selection: Selection, langs: Sequence[str]) -> bool:
    """Tell whether an engine's files are of one language; an OPUS-MT model of several has a token for each."""
    if selection.params.name == "glossary":
        return True
    opus = "opus" in (selection.params.name, getattr(selection.params, "family", None))
    return opus and any(language(lang, selection.where).opus_token is None for lang in langs)


def _of_one_language(where: str, value: str, langs: Sequence[str], hint: str) -> ParamsError:
    return ParamsError(
        where=where,
        expected=f"one for each of {', '.join(langs)}",
        found=f"{value!r} for all",
        hint=f"{hint}ame an engine for each language under `translate.languages`.",
    )
