"""Find known phrases in texts, whatever their punctuation and spacing."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

import regex

from hbir.core.languages import UNSPACED
from hbir.core.text import normalise

SHORTEST = 8
"""Units of the shortest phrase: words, or characters where words are not spaced."""
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")


class Units(NamedTuple):
    """Hold a text cut into units: words, each with one space after it, or characters without any space."""

    text: str
    starts: list[int]
    """Where each unit begins, and at last the length of the text."""

    @property
    def head(self) -> str:
        """Return the first run of SHORTEST units; nothing where there are fewer."""
        return self.text[: self.starts[SHORTEST]] if len(self.starts) > SHORTEST else ""

    def grams(self) -> Iterator[tuple[int, str]]:
        """List every run of SHORTEST units.

        Yields:
            Where it begins, and the run.
        """
        for start, stop in zip(self.starts, self.starts[SHORTEST:], strict=False):
            yield start, self.text[start:stop]


def units(text: str, language: str) -> Units:
    """Cut a text into units.

    Args:
        text: any text; only its letters, marks and digits count, normalised.
        language: its language, which decides between words and characters.

    Returns:
        The units; texts with the same ones are equal.
    """
    words = _WORD.findall(normalise(text))
    if language in UNSPACED:
        whole = "".join(words)
        return Units(whole, list(range(len(whole) + 1)))
    return Units("".join(f"{word} " for word in words), [0, *accumulate(len(word) + 1 for word in words)])


class Phrases:
    """Hold phrases with their owners by their first units, so that a text is searched in one pass."""

    def __init__(self) -> None:
        """Begin without any phrase."""
        self._by_start: dict[str, dict[str, str]] = defaultdict(dict)

    def add(self, phrase: Units, owner: str) -> None:
        """Add a phrase; one that is too short is passed over, one that is known keeps its first owner.

        Args:
            phrase: what is looked for.
            owner: what `find` returns for it.
        """
        if phrase.head:
            self._by_start[phrase.head].setdefault(phrase.text, owner)

    def find(self, text: Units) -> str | None:
        """Look for any phrase in a text.

        Args:
            text: cut in the way of the phrases.

        Returns:
            The owner of the first that occurs at unit boundaries; None where none does.
        """
        for start, gram in text.grams():
            for phrase, owner in self._by_start.get(gram, {}).items():
                if text.text.startswith(phrase, start):
                    return owner
        return None
