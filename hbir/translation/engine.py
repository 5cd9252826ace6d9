"""Define what every translation engine does."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Segment(NamedTuple):
    """Hold one English text to be translated."""

    key: str
    """Codes that say the same as the text, for an engine that renders; else empty."""
    text: str


class Engine(Protocol):
    """Translate segments; a neural engine reads their texts, a structured one their keys."""

    @property
    def name(self) -> str:
        """Return the name that params.yaml uses."""

    def translate(self, segments: Sequence[Segment], target: str) -> list[str | None]:
        """Translate from English; batches are the engine's own affair.

        Args:
            segments: what to translate, none twice.
            target: the tag of the target language, never `en`.

        Returns:
            For each segment its translation, or None where the engine has none that it would stand for.
        """
