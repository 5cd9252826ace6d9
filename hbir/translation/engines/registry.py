"""List the engines: a new one is a module of its own and an entry of ENGINES."""

from collections.abc import Callable
from typing import Any, NamedTuple

from hbir.core.errors import ParamsError
from hbir.core.params import unknown, validated
from hbir.translation.engines.apertium import ApertiumParams, ApertiumTranslator
from hbir.translation.engines.cldr import CldrEngine
from hbir.translation.engines.ct2 import Ct2Params, Ct2Translator
from hbir.translation.engines.engine import Assignment
from hbir.translation.engines.glossary import GlossaryEngine, GlossaryParams
from hbir.translation.engines.neural import NeuralParams, NeuralTranslator, OpusParams
from hbir.translation.engines.parallel import ParallelEngine
from hbir.translation.params import EngineParams, Entry


class EngineKind(NamedTuple):
    """Hold the class of an engine's params and what makes the engine."""

    params: type[Any]
    make: Callable[[Any, Assignment], Any]
    by_sentence: bool = True
    """Whether it makes a `Translator` of sentences, which stands behind the memory; else a whole `Engine`."""


ENGINES = {
    "apertium": EngineKind(ApertiumParams, ApertiumTranslator),
    "cldr": EngineKind(EngineParams, CldrEngine, by_sentence=False),
    "ctranslate2": EngineKind(Ct2Params, Ct2Translator),
    "glossary": EngineKind(GlossaryParams, GlossaryEngine, by_sentence=False),
    "m2m100": EngineKind(NeuralParams, NeuralTranslator),
    "madlad": EngineKind(NeuralParams, NeuralTranslator),
    "nllb": EngineKind(NeuralParams, NeuralTranslator),
    "opus": EngineKind(OpusParams, NeuralTranslator),
    "parallel": EngineKind(EngineParams, ParallelEngine, by_sentence=False),
}
"""The engines by the name that params.yaml uses."""


def parse_entry(entry: Entry, where: str) -> tuple[EngineKind, Any]:
    """Check an entry without making anything.

    Args:
        entry: as in params.yaml.
        where: the file and key, for a message.

    Returns:
        The kind and its params.

    Raises:
        ParamsError: when there is no engine of that name, or a key is wrong.
    """
    fields = {"name": entry} if isinstance(entry, str) else entry
    name = fields.get("name")
    if not isinstance(name, str):
        raise ParamsError(where=where, expected="a `name`", found=str(entry), hint="Add the key.")
    if name not in ENGINES:
        raise unknown(where, name, ENGINES)
    kind = ENGINES[name]
    return kind, validated(kind.params, fields, where)
