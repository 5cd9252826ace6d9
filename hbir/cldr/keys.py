"""Write questions and passages as strings of CLDR codes, and read them back."""

from collections.abc import Iterable
from typing import NamedTuple

from hbir.cldr.facts import RELATIONS, Fact
from hbir.core.errors import DataError

PREFIX = "cldr"
QUERY, PASSAGE = "query", "passage"
QUESTIONS, STATEMENTS = 3, 2
"""Wordings per relation, the same number in every language."""
_WORDINGS = {QUERY: QUESTIONS, PASSAGE: STATEMENTS}


class Sentence(NamedTuple):
    """Hold a fact and the number of the wording that asks or states it."""

    fact: Fact
    wording: int

    def __str__(self) -> str:
        """Return the sentence as it stands in a key."""
        return f"{self.fact}:{self.wording}"


class Key(NamedTuple):
    """Hold what a key says: its side, `query` or `passage`, and its sentences."""

    side: str
    sentences: tuple[Sentence, ...]


def query_key(fact: Fact, wording: int) -> str:
    """Write a question.

    Args:
        fact: what is asked.
        wording: which wording asks it, from 0.

    Returns:
        A key such as `cldr:query:currency:JP:JPY:2`.
    """
    return f"{PREFIX}:{QUERY}:{Sentence(fact, wording)}"


def passage_key(sentences: Iterable[Sentence]) -> str:
    """Write a passage.

    Args:
        sentences: its sentences in order.

    Returns:
        A key such as `cldr:passage:currency:JP:JPY:0+main_language:JP:ja:1`.
    """
    return f"{PREFIX}:{PASSAGE}:{'+'.join(map(str, sentences))}"


def parse(key: str) -> Key:
    """Read a key back.

    Args:
        key: what `query_key` or `passage_key` wrote.

    Returns:
        Its side and sentences.

    Raises:
        DataError: when the key is not of the embedded corpus.
    """
    prefix, _, rest = key.partition(":")
    side, _, body = rest.partition(":")
    sentences = [_sentence(part, _WORDINGS.get(side, 0)) for part in body.split("+")]
    known = tuple(sentence for sentence in sentences if sentence)
    if prefix != PREFIX or len(known) < len(sentences) or (side == QUERY and len(known) > 1):
        raise DataError(
            where=f"key {key!r}",
            expected="a key of the embedded corpus, such as `cldr:query:currency:JP:JPY:0`",
            found="another text",
            hint="Use a translation engine that reads texts for sources other than `cldr`.",
        )
    return Key(side, known)


def _sentence(text: str, wordings: int) -> Sentence | None:
    match text.split(":"):
        case [relation, subject, object_, number] if relation in RELATIONS and number in map(
            str, range(wordings)
        ):
            return Sentence(Fact(relation, subject, object_), int(number))
    return None
