"""List the engines: a new one is a module of its own and an entry of ENGINES."""

from collections.abc import Callable
from typing import Any, NamedTuple

from hbir.core.registry import Registry
from hbir.translation.engines.apertium import ApertiumParams, ApertiumTranslator
from hbir.translation.engines.cldr import CldrEngine
from hbir.translation.engines.ct2 import Ct2Params, Ct2Translator
from hbir.translation.engines.engine import Assignment
from hbir.translation.engines.glossary import GlossaryEngine, GlossaryParams
from hbir.translation.engines.neural import NeuralParams, NeuralTranslator, OpusParams
from hbir.translation.engines.parallel import ParallelEngine
from hbir.translation.params import EngineParams


class EngineKind(NamedTuple):
    """Hold the class of an engine's params and what makes the engine."""

    params: type[Any]
    make: Callable[[Any, Assignment], Any]
    by_sentence: bool = True
    """Whether it makes a `Translator` of sentences, which stands behind the memory; else a whole `Engine`."""


ENGINES = Registry(
    {
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
)
"""The engines by the name that params.yaml uses."""
