"""Render questions and passages in a language."""

import unicodedata
from collections import Counter
from functools import cache

from hbir.cldr.facts import Fact, all_facts
from hbir.cldr.keys import QUERY, Sentence, parse
from hbir.cldr.names import Entity, cldr_names
from hbir.cldr.templates import OBJECT, SUBJECT, Templates, templates


class Renderer:
    """Turn keys into the texts of one language."""

    def __init__(self, language: str, names: dict[Entity, str], wordings: Templates) -> None:
        """Keep what the language calls things.

        Args:
            language: its tag.
            names: entity to name.
            wordings: its templates.
        """
        self.language = language
        self.names = names
        self.wordings = wordings

    def knows(self, fact: Fact) -> bool:
        """Tell whether the language has names for both entities of a fact.

        Args:
            fact: any fact.

        Returns:
            Whether question, answer and statement can be rendered.
        """
        return all(end in self.names for end in fact.ends)

    def render(self, key: str) -> str | None:
        """Render a question or a passage.

        Args:
            key: what `hbir.cldr.keys` wrote.

        Returns:
            The text, or None when the names for it are missing: for a question also when its answer has no
            name, for a passage when none of its sentences can be written. A sentence without names is left
            out of a passage; its fact gives no question either.
        """
        side, sentences = parse(key)
        known = [sentence for sentence in sentences if self.knows(sentence.fact)]
        if not known:
            return None
        wordings = self.wordings.questions if side == QUERY else self.wordings.statements
        return self.wordings.joiner.join(
            self._filled(wordings[sentence.fact.relation], sentence) for sentence in known
        )

    def _filled(self, wordings: tuple[str, ...], sentence: Sentence) -> str:
        subject, object_ = (self.names[end] for end in sentence.fact.ends)
        text = wordings[sentence.wording].replace(SUBJECT, subject).replace(OBJECT, object_)
        return text[0].title() + text[1:]


@cache
def renderer(language: str) -> Renderer:
    """Make the renderer of a language.

    Args:
        language: a tag such as `de`.

    Returns:
        The renderer; a name that two entities of one kind share counts as missing, since a question with it
        has two true answers.
    """
    wordings = templates(language)
    names = cldr_names(language) | wordings.names
    asked = {end for fact in all_facts() for end in fact.ends}
    shared = Counter((entity.kind, _spelling(name)) for entity, name in names.items() if entity in asked)
    distinct = {e: name for e, name in names.items() if shared[e.kind, _spelling(name)] <= 1}
    return Renderer(language, distinct, wordings)


def _spelling(name: str) -> str:
    """Fold case and forms of characters alone: two Greek names may differ in an accent."""
    return unicodedata.normalize("NFKC", name).casefold()
