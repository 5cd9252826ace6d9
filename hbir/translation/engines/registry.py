"""Find an engine by its name."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from hbir.core.errors import ParamsError
from hbir.core.params import unknown, validated
from hbir.translation.engines.apertium import ApertiumParams, ApertiumTranslator
from hbir.translation.engines.cldr import CldrEngine
from hbir.translation.engines.ct2 import Ct2Params, Ct2Translator
from hbir.translation.engines.engine import Engine, Translator
from hbir.translation.engines.glossary import GlossaryEngine, GlossaryParams
from hbir.translation.engines.neural import NeuralParams, NeuralTranslator, OpusParams
from hbir.translation.engines.parallel import ParallelEngine
from hbir.translation.memory.memorised import MemorisedEngine, Runner
from hbir.translation.memory.memory import Memory, memory_path
from hbir.translation.params import EngineParams, Entry, TranslateParams

logger = logging.getLogger(__name__)
WHERE = "params.yaml: translate.engine"


class EngineKind(NamedTuple):
    """Hold the class of an engine's params and what makes it, from these and the key that names it."""

    params: type[Any]
    make: Callable[[Any, str], Engine]


class TranslatorKind(NamedTuple):
    """Hold the class of a translator's params and what makes it, from these, the language and the threads."""

    params: type[Any]
    make: Callable[[Any, str, int], Translator]


ENGINES: dict[str, EngineKind] = {
    "cldr": EngineKind(EngineParams, lambda params, where: CldrEngine(where)),
    "glossary": EngineKind(GlossaryParams, GlossaryEngine),
    "parallel": EngineKind(EngineParams, lambda params, where: ParallelEngine()),
}
"""Engines that need no memory; a new one is a module of its own and a line here."""
TRANSLATORS: dict[str, TranslatorKind] = {
    "apertium": TranslatorKind(ApertiumParams, ApertiumTranslator),
    "nllb": TranslatorKind(NeuralParams, NeuralTranslator),
    "m2m100": TranslatorKind(NeuralParams, NeuralTranslator),
    "opus": TranslatorKind(OpusParams, NeuralTranslator),
    "madlad": TranslatorKind(NeuralParams, NeuralTranslator),
    "ctranslate2": TranslatorKind(Ct2Params, Ct2Translator),
}
"""Those that translate sentences, behind the memory; a new one is a module of its own and a line here."""
KINDS: dict[str, EngineKind | TranslatorKind] = {**ENGINES, **TRANSLATORS}


def make_engine(params: TranslateParams, target: str) -> Engine:
    """Make the engine of a language.

    Args:
        params: the section `translate`.
        target: the language's tag.

    Returns:
        The engine.

    Raises:
        ParamsError: when there is no engine of that name, or a key is wrong.
        LanguageError: when the engine does not have the language.
        DataError: when the memory cannot be used.
    """
    where = named_at(params, target)
    kind, given = parsed(params.of(target), where)
    if isinstance(kind, EngineKind):
        if params.cluster is not None:
            logger.warning("%s: engine %s has no model; translate.cluster is not used", where, given.name)
        return kind.make(given, where)
    make = partial(kind.make, given, target, params.threads)
    return MemorisedEngine(
        name=given.name,
        translator=make(),
        memory=Memory(memory_path(params.memory, target)),
        target=target,
        batch_tokens=params.batch_tokens,
        runner=_runner(params, make),
    )


def parsed(entry: Entry, where: str = WHERE) -> tuple[EngineKind | TranslatorKind, Any]:
    """Check an entry without making anything.

    Args:
        entry: as in params.yaml.
        where: the file and key, for a message.

    Returns:
        The kind and its params.

    Raises:
        ParamsError: when there is no engine of that name, or a key is wrong.
    """
    given = {"name": entry} if isinstance(entry, str) else entry
    name = given.get("name")
    if not isinstance(name, str):
        raise ParamsError(where=where, expected="a `name`", found=str(entry), hint="Add the key.")
    if name not in KINDS:
        raise unknown(where, name, KINDS)
    kind = KINDS[name]
    return kind, validated(kind.params, given, where)


def _runner(params: TranslateParams, make: Callable[[], Translator]) -> Runner | None:
    if params.cluster is None:
        return None
    from hbir.translation.cluster import ray_runner

    return ray_runner(make, params.threads, params.cluster)


def named_at(params: TranslateParams, target: str) -> str:
    """Find where the engine of a language is named.

    Args:
        params: the section `translate`.
        target: the language's tag.

    Returns:
        The file and key, for a message.
    """
    return f"params.yaml: translate.languages.{target}" if target in params.languages else WHERE
