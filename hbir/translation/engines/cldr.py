"""Render the embedded corpus in the target language."""

from collections.abc import Sequence

from hbir.cldr.render import renderer
from hbir.cldr.templates import templates
from hbir.core.errors import ParamsError
from hbir.translation.engines.engine import Assignment, Segment
from hbir.translation.params import EngineParams


class CldrEngine:
    """Render keys with CLDR's names and the templates of the target language."""

    name = "cldr"
    truncated = 0
    mixes_languages = False
    abridges = True
    """A passage lacks the sentences of which the language lacks a name."""

    def __init__(self, params: EngineParams, assignment: Assignment) -> None:
        """Make sure that the language has templates.

        Args:
            params: of the engine.
            assignment: what it is made for.

        Raises:
            LanguageError: when the language has no templates.
        """
        self._target, self._where = assignment.target, assignment.where
        templates(self._target)

    def translate(self, segments: Sequence[Segment]) -> list[str | None]:
        """Render the segments' keys.

        Args:
            segments: segments of the embedded corpus.

        Returns:
            The texts; None where the language lacks a name.

        Raises:
            ParamsError: when a segment has no key, before anything is rendered.
        """
        plain = [segment for segment in segments if not segment.key]
        if plain:
            raise ParamsError(
                where=self._where,
                expected="an engine that reads texts, for a source of plain texts",
                found=f"{self.name!r}, which renders the embedded corpus only, for {len(plain)} texts such as "
                f"{plain[0].text[:40]!r}",
                hint="Choose another engine, or sources of kind `cldr` and `parallel` only.",
            )
        render = renderer(self._target).render
        return [render(segment.key) for segment in segments]
