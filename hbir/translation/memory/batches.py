"""Plan batches of sentences: of similar length, so that little is padding, and each of about the same size."""

from collections.abc import Iterable
from typing import NamedTuple


class Sized(NamedTuple):
    """Hold a sentence and its length as the translator reads it."""

    text: str
    length: int
    """Tokens, without an end that is cut off."""
    truncated: bool = False
    """Whether it is longer than the model and loses its end."""


Batch = list[Sized]


def plan_batches(sentences: Iterable[Sized], batch_tokens: int) -> list[Batch]:
    """Put sentences into batches, the longest first.

    What a model writes can depend, in its last digits, on what else is in the batch. Therefore the plan of what
    remains after the first batches are done is the rest of the plan: a resumed run translates as one that was
    never interrupted. And a batch that needs too much memory fails at the start, not after hours.

    Args:
        sentences: any, in any order, none twice.
        batch_tokens: largest product of a batch's longest length and its count; a single longer sentence is a
            batch of its own.

    Returns:
        Batches in the order in which they are to be translated.
    """
    batches: list[Batch] = []
    room = 0
    for sentence in sorted(sentences, key=lambda sentence: (-sentence.length, sentence.text)):
        if room == 0:
            batches.append([])
            room = max(1, batch_tokens // max(1, sentence.length))
        batches[-1].append(sentence)
        room -= 1
    return batches
