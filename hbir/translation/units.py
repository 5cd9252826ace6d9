"""Cut a text into the sentences that are translated, and put it together again.

Translation models are trained on single sentences and drop content of longer inputs; and a passage of which one
sentence changed finds the others in the memory.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hbir.core.sentences import sentence_breaks

UNSPACED_SENTENCES = frozenset({"zh", "ja"})
"""Languages that write no space between two sentences; Thai, which has none between words, does here."""
Span = tuple[int, int]


class Unit(NamedTuple):
    """Hold a sentence and the white space after it; empty where a text begins with white space."""

    text: str
    gap: str


def spans(text: str) -> list[Span]:
    """Find the sentences of an English text; none goes over a line break.

    Args:
        text: any text.

    Returns:
        Start and end of each, in characters, without the white space around it.
    """
    found, offset = [], 0
    for line in text.splitlines(keepends=True):
        for begin, end in sentence_breaks(line):
            sentence = line[begin:end]
            if core := sentence.strip():
                start = offset + end - len(sentence.lstrip())
                found.append((start, start + len(core)))
        offset += len(line)
    return found


def cut(text: str, found: Sequence[Span]) -> list[Unit]:
    """Cut a text at its sentences.

    Args:
        text: any text.
        found: what `spans` returned for it.

    Returns:
        Units that hold every character of the text, in order; none for an empty text.
    """
    starts = [start for start, _ in found] + [len(text)]
    head = [Unit("", text[: starts[0]])] if starts[0] else []
    pairs = zip(found, starts[1:], strict=True)
    return head + [Unit(text[start:end], text[end:after]) for (start, end), after in pairs]


def split(text: str) -> list[Unit]:
    """Split an English text into sentences.

    Args:
        text: any text.

    Returns:
        Units that hold every character of the text, in order; none for an empty text.
    """
    return cut(text, spans(text))


def translatable(text: str) -> bool:
    """Tell whether there is anything to translate; numbers and punctuation pass unchanged.

    Args:
        text: of a unit.

    Returns:
        Whether it has a letter.
    """
    return any(map(str.isalpha, text))


def join(units: Iterable[Unit], target: str) -> str:
    """Put translated sentences together.

    Args:
        units: translations, each with the white space that followed its source.
        target: the language's tag.

    Returns:
        The text; line breaks and tabs stay in every language.
    """
    tight = target in UNSPACED_SENTENCES
    return "".join(text if tight and not gap.strip(" ") else text + gap for text, gap in units)
