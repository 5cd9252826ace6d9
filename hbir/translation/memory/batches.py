"""Plan batches of sentences of similar length, so that little is padding, and each of about the same size."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from hbir.translation.engines.engine import Translator

_CHUNK = 10_000
"""Sentences measured at once."""


class Sized(NamedTuple):
    """Hold a sentence and its length as the translator reads it."""

    text: str
    length: int
    """Tokens, without an end that is cut off."""
    truncated: bool = False
    """Whether it is longer than the model and loses its end."""


Batch = list[Sized]


def measure(sentences: Sequence[str], translator: Translator) -> list[Sized]:
    """Measure sentences as the translator reads them.

    Args:
        sentences: any.
        translator: what is to translate them.

    Returns:
        Each with its length, which is at most the translator's limit.
    """
    lengths = chain.from_iterable(map(translator.lengths, chunks(sentences, _CHUNK)))
    limit = translator.limit or sys.maxsize
    return [
        Sized(text, min(length, limit), length > limit) for text, length in zip(sentences, lengths, strict=True)
    ]


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


def chunks(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Take texts a few at a time.

    Args:
        texts: any.
        size: how many at most.

    Yields:
        Them, in order.
    """
    for start in range(0, len(texts), size):
        yield texts[start : start + size]
