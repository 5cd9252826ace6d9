"""Cut a text into the sentences that are translated, and put it together again.

Translation models are trained on single sentences and drop content of longer inputs; and a passage of which one
sentence changed finds the others in the memory.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import pairwise
from typing import NamedTuple

import regex
from tqdm import tqdm

from hbir.core.errors import DataError
from hbir.core.sentences import sentence_breaks
from hbir.translation.memory.batches import chunks
from hbir.translation.memory.memory import Memory
from hbir.translation.memory.store import Remembered

UNSPACED_SENTENCES = frozenset({"zh", "yue", "wuu", "lzh", "ja"})
"""Languages that write no space between two sentences; Thai, which has none between words, does here."""
WIDTH = 40
"""Characters: a line that is at least so long may have been wrapped."""
Span = tuple[int, int]
_WRAP = regex.compile(r"[ \t]*\r?\n")
_FLAT = {ord(mark): " " for mark in "\r\n"}
SHARED = "sentences"
"""Name of the file of what is the same for all languages."""
_RULES = 2
"""To be raised with any change of what `spans` finds."""
_CHUNK = 5_000
"""Texts between two commits."""


class Unit(NamedTuple):
    """Hold a sentence and the white space after it; empty where a text begins with white space."""

    text: str
    gap: str


def split_texts(texts: Sequence[str], memory: Memory) -> list[list[Unit]]:
    """Split texts into sentences.

    Args:
        texts: English texts, none twice.
        memory: of any language; in its folder all share the file that keeps the sentences' places.

    Returns:
        The units of each text.

    Raises:
        DataError: when the memory cannot be read or written.
    """
    shared = Memory(memory.path.with_name(f"{SHARED}.sqlite"))
    part = shared.part({"sentences": _RULES, "syntok": version("syntok")})
    found = {text: _places(entry.text, shared) for text, entry in part.get(texts).items()}
    unknown = [text for text in texts if text not in found]
    if unknown:
        part.make_sure_to_write()
    hidden = None if unknown else True
    with tqdm(total=len(unknown), desc="find sentences", unit=" texts", disable=hidden) as bar:
        for chunk in chunks(unknown, _CHUNK):
            new = {text: spans(text) for text in chunk}
            part.put({text: Remembered(json.dumps(places)) for text, places in new.items()})
            found |= new
            bar.update(len(chunk))
    return [cut(text, found[text]) for text in texts]


def spans(text: str) -> list[Span]:
    """Find the sentences of an English text; none goes over a line break, but where a line is full and goes on.

    Args:
        text: any text.

    Returns:
        Start and end of each, in characters, without the white space around it.
    """
    found, offset = [], 0
    for paragraph in _paragraphs(text):
        flat = paragraph.translate(_FLAT)  # as long as the paragraph
        for begin, end in sentence_breaks(flat):
            sentence = flat[begin:end]
            if core := sentence.strip():
                start = offset + end - len(sentence.lstrip())
                found.append((start, start + len(core)))
        offset += len(paragraph)
    return found


def cut(text: str, found: Sequence[Span]) -> list[Unit]:
    """Cut a text at its sentences.

    Args:
        text: any text.
        found: what `spans` returned for it.

    Returns:
        Units that hold every character of the text, in order, but that a line break within a sentence, with the
        blanks before it, is one space; none for an empty text.
    """
    starts = [start for start, _ in found] + [len(text)]
    head = [Unit("", text[: starts[0]])] if starts[0] else []
    pairs = zip(found, starts[1:], strict=True)
    return head + [Unit(_WRAP.sub(" ", text[start:end]), text[end:after]) for (start, end), after in pairs]


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


def _places(remembered: str, memory: Memory) -> list[Span]:
    try:
        return [(int(start), int(end)) for start, end in json.loads(remembered)]
    except (ValueError, TypeError) as error:
        raise DataError(
            where=str(memory.path),
            expected="places of sentences",
            found=repr(remembered[:80]),
            hint="Move the file away; the sentences will be found again.",
        ) from error


def _paragraphs(text: str) -> Iterator[str]:
    lines = text.splitlines(keepends=True)
    start = 0
    for end, (line, after) in enumerate(pairwise(lines), 1):
        if not _goes_on(line, after):
            yield "".join(lines[start:end])
            start = end
    yield "".join(lines[start:])


def _goes_on(line: str, after: str) -> bool:
    """Tell a line that was wrapped at a fixed column from a heading, an item of a list or a line of code."""
    full = line.rstrip()
    return (
        line[-1] == "\n"
        and len(full) >= WIDTH
        and (full[-1].isalnum() or full[-1] in ",)")
        and after[0].islower()
    )
