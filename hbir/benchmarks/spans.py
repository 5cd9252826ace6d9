"""Cut the same part out of a text and of its translations, to ask for the text by it."""

from collections.abc import Sequence
from typing import NamedTuple

import regex

from hbir.core.languages import UNSPACED
from hbir.core.seeds import generator


class Place(NamedTuple):
    """Say which part of a text a span is, whatever the language."""

    start: float
    """Share of the text before it."""
    length: float
    """Share of the text in it."""


def place(row_id: str, shares: Sequence[float]) -> Place:
    """Draw where the span of a row lies.

    Args:
        row_id: the row, which alone decides the draw.
        shares: shortest and longest length, as shares of the text.

    Returns:
        A place that ends within the text.
    """
    shortest, longest = shares
    first, second = generator(0, "span", row_id).random(2)
    length = shortest + (longest - shortest) * float(first)
    return Place(start=(1 - length) * float(second), length=length)


def cut(text: str, language: str, where: Place) -> str:
    """Cut a span out of a text: whole words, or whole characters where words are not spaced.

    Args:
        text: a text with at least one word.
        language: its language.
        where: the place, the same in every language.

    Returns:
        The span, at least one word or character long.
    """
    unspaced = language in UNSPACED
    # A Thai vowel sign is no character of its own: \X keeps it on its consonant.
    units = regex.findall(r"\X", text.strip()) if unspaced else text.split()
    first = int(where.start * len(units))
    count = max(1, round(where.length * len(units)))
    return ("" if unspaced else " ").join(units[first : first + count]).strip()


def count_words(text: str, language: str) -> int:
    """Count words; where they are not spaced, two characters count as one.

    Args:
        text: any text.
        language: its language.

    Returns:
        The number, as a measure of how long a text is.
    """
    return len("".join(text.split())) // 2 if language in UNSPACED else len(text.split())
