"""Render the embedded corpus in the target language."""

from collections.abc import Sequence

from hbir.cldr.render import renderer
from hbir.translation.engine import Segment


class CldrEngine:
    """Render keys with CLDR's names and the templates of the target language."""

    name = "cldr"

    def translate(self, segments: Sequence[Segment], target: str) -> list[str | None]:
        """Render the segments' keys.

        Args:
            segments: segments of the embedded corpus.
            target: a tag that has templates.

        Returns:
            The texts; None where the language lacks a name.
        """
        render = renderer(target).render
        return [render(segment.key) for segment in segments]
