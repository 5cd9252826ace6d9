"""Translate nothing, for sources whose texts come translated."""

from collections.abc import Sequence

from hbir.translation.engines.engine import Assignment, Segment
from hbir.translation.params import EngineParams


class ParallelEngine:
    """Leave out what has no version of its own in the target language.

    Pairs of sources of kind `parallel` never reach an engine: their versions are looked up.
    """

    name = "parallel"
    truncated = 0
    mixes_languages = False
    abridges = False

    def __init__(self, params: EngineParams, assignment: Assignment) -> None:
        """Need nothing.

        Args:
            params: of the engine.
            assignment: what it is made for.
        """

    def translate(self, segments: Sequence[Segment]) -> list[str | None]:
        """Have a translation of nothing.

        Args:
            segments: texts without a version in the target language.

        Returns:
            None for each, so that its pairs are left out and counted.
        """
        return [None] * len(segments)
