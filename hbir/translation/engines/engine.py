"""Define what every translation engine does."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class Assignment(NamedTuple):
    """Say what an engine is made for."""

    target: str
    """The code of the language to translate into, never English."""
    threads: int
    """CPU threads."""
    where: str
    """The file and key that name the engine, the engine and the language, for a message."""


class Segment(NamedTuple):
    """Hold one English text to be translated."""

    key: str
    """Codes that say the same as the text, for an engine that renders; else empty."""
    text: str


class Unfinished(str):
    """Mark a translation that a model was stopped in: it filled its room without coming to an end."""

    __slots__ = ()


class Engine(Protocol):
    """Translate segments into one language; a neural engine reads their texts, a structured one their keys.

    Making one checks everything that can be wrong, such as a language that it does not have.
    """

    @property
    def name(self) -> str:
        """Return the name that params.yaml uses."""

    @property
    def truncated(self) -> int:
        """Return how many texts so far were longer than the model and lost their end."""

    @property
    def mixes_languages(self) -> bool:
        """Return whether English words stay on purpose, so that no check of language is due."""

    @property
    def abridges(self) -> bool:
        """Return whether sentences are left out on purpose, so that no check of length or numbers is due."""

    def translate(self, segments: Sequence[Segment]) -> list[str | None]:
        """Translate from English into the language that the engine was made for.

        Args:
            segments: what to translate, none twice; how they are batched is up to the engine.

        Returns:
            For each segment its translation, or None where the engine has none that it would stand for.
        """


class Translator(Protocol):
    """Translate batches of sentences into one language; what a memory stands before.

    Making one must be cheap and check everything that can be wrong: language, program, model. What is heavy,
    such as a model's weights, is loaded at the first batch; where all is remembered there is none.
    """

    @property
    def identity(self) -> Mapping[str, Any]:
        """Return what decides a translation beside text and language: engine, model revision, options."""

    @property
    def limit(self) -> int | None:
        """Return the longest input in the unit of `lengths`; None where there is no limit."""

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Measure texts as the model reads them.

        Args:
            texts: sentences.

        Returns:
            Tokens of each, special ones included, before any truncation.
        """

    def translate(self, texts: Sequence[str]) -> list[str]:
        """Translate one batch.

        Args:
            texts: sentences, none empty; those beyond the limit lose their end.

        Returns:
            As many translations, in the same order; the same for the same batch. One that was stopped before
            its end is `Unfinished`, and counted among the truncated.
        """
