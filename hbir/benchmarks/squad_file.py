"""Read files in SQuAD's layout, and hold every answer's text against the place where it is said to stand.

SQuAD counts `answer_start` in characters (Unicode code points). Tools that count UTF-16 units (JavaScript,
Java, .NET), bytes, or line ends as two characters write other numbers. The answers' texts tell which.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, Field, TypeAdapter

from hbir.benchmarks.local import parse_json
from hbir.core.lines import read_lines
from hbir.core.text import normalise

logger = logging.getLogger(__name__)
_CARRIAGE_RETURN, _LINE_FEED = 13, 10


class Answer(NamedTuple):
    """Hold an answer and where it stands."""

    text: str
    """Empty where the file has none; then nothing can be checked."""
    written: int
    """The `answer_start` of the file, in the file's unit."""
    start: int | None
    """The place in characters; None where the text does not stand there, or the context is shorter."""


class Question(NamedTuple):
    """Hold a question."""

    id: str
    text: str
    answers: list[Answer]
    """None for a question that cannot be answered (version 2.0)."""


class Paragraph(NamedTuple):
    """Hold a paragraph and the questions about it."""

    title: str
    """Of its article; empty where it has none."""
    context: str
    questions: list[Question]
    sentence_breaks: list[tuple[int, int]] | None
    """Start and end of each sentence in characters, where the file has them."""


@dataclass(frozen=True, kw_only=True)
class SquadFile:
    """Hold the content of a file."""

    path: Path
    paragraphs: list[Paragraph]
    unit: str
    """What `answer_start` counts, in words."""

    def misplaced(self) -> Iterator[tuple[Paragraph, Question, Answer]]:
        """List the answers that do not stand where the file says.

        Yields:
            Each with its question and paragraph.
        """
        for paragraph in self.paragraphs:
            for question in paragraph.questions:
                yield from (
                    (paragraph, question, answer) for answer in question.answers if answer.start is None
                )


@dataclass(frozen=True)
class _Unit:
    """Count offsets in some unit."""

    name: str
    character: str
    """`character`, `UTF-16 unit` or `byte`."""
    line_end: str
    """`as written`, `two` or `one`: what a line end counts."""

    def place(self, context: str, offset: int) -> int | None:
        """Return the index of the character that begins at an offset; None where none does."""
        if self is _UNITS[0] or _same_in_all(context):
            return offset if 0 <= offset < len(context) else None
        ends = _ends(self, context)
        index = int(np.searchsorted(ends, offset, side="right"))
        begin = ends[index - 1] if index else 0
        return index if begin == offset and index < len(context) else None

    def widths(self, codes: np.ndarray) -> np.ndarray:
        """Return what each character counts: (n_characters,) int64, from (n_characters,) code points."""
        widths = np.ones(len(codes), np.int64)
        if self.character == "UTF-16 unit":
            widths += codes > 0xFFFF
        elif self.character == "byte":
            widths += np.sum([codes > limit for limit in (0x7F, 0x7FF, 0xFFFF)], axis=0)
        feeds, returns = codes == _LINE_FEED, codes == _CARRIAGE_RETURN
        if self.line_end == "two":
            widths += feeds & ~np.append(False, returns[:-1])
        elif self.line_end == "one":
            widths[returns & np.append(feeds[1:], False)] = 0
        return widths


@lru_cache(maxsize=32)
def _ends(unit: _Unit, context: str) -> np.ndarray:
    """Return where each character ends: (n_characters,) int64, kept for the paragraph's other answers."""
    return np.cumsum(unit.widths(np.frombuffer(context.encode("utf-32-le"), np.uint32)))


_LINE_ENDS = {"as written": "", "two": ", line ends as two", "one": ", line ends as one"}
_UNITS = [
    _Unit(f"{character}s{words}", character, line_end)
    for (line_end, words), character in product(_LINE_ENDS.items(), ("character", "UTF-16 unit", "byte"))
]


class _RawAnswer(BaseModel):
    answer_start: int
    text: str = ""


class _RawQuestion(BaseModel):
    id: str
    question: str
    answers: list[_RawAnswer] = Field(default_factory=list)
    is_impossible: bool = False


class _RawParagraph(BaseModel):
    context: str
    qas: list[_RawQuestion]
    sentence_breaks: list[tuple[int, int]] | None = None

    def answers(self) -> list[_RawAnswer]:
        return [answer for question in self.qas if not question.is_impossible for answer in question.answers]


class _Article(BaseModel):
    title: str = ""
    paragraphs: list[_RawParagraph]


class _Document(BaseModel):
    data: list[_Article]


_FORMAT = TypeAdapter(_Document)


def read_squad(path: Path) -> SquadFile:
    """Read a file, and find out what its offsets count.

    Args:
        path: a `.json` or `.json.gz` file of version 1.1 or 2.0, with or without `sentence_breaks`.

    Returns:
        Its paragraphs in the file's order. Of all units that is taken in which most answers stand at their
        offset; characters where none does better. Another one is warned about.

    Raises:
        DataError: when the file is missing, broken, or of another layout.
    """
    text = "\n".join(line for _, line in read_lines(path))
    articles = parse_json(_FORMAT, text, str(path), "SQuAD's layout").data
    unit = _unit_of([paragraph for article in articles for paragraph in article.paragraphs])
    if unit is not _UNITS[0]:
        logger.warning("%s: answer_start counts %s, not characters, and is read so", path, unit.name)
    paragraphs = [
        _paragraph(article.title, paragraph, unit) for article in articles for paragraph in article.paragraphs
    ]
    return SquadFile(path=path, paragraphs=paragraphs, unit=unit.name)


def _unit_of(paragraphs: Iterable[_RawParagraph]) -> _Unit:
    """Find the unit in which most answers stand at their offset; only those that tell units apart are asked."""
    telling = [
        (paragraph.context, answer)
        for paragraph in paragraphs
        if not _same_in_all(paragraph.context)
        for answer in paragraph.answers()
        if answer.text
    ]
    if all(_start(*item, _UNITS[0]) is not None for item in telling):
        return _UNITS[0]
    return max(_UNITS, key=lambda unit: sum(_start(*item, unit) is not None for item in telling))


def _same_in_all(context: str) -> bool:
    return context.isascii() and "\n" not in context


def _start(context: str, answer: _RawAnswer, unit: _Unit) -> int | None:
    """Return where an answer stands; None where its text does not, but for case and forms of characters."""
    place = unit.place(context, answer.answer_start)
    if place is None or not answer.text or context.startswith(answer.text, place):
        return place
    there = context[place : place + len(answer.text)]
    return place if normalise(there) == normalise(answer.text) else None


def _paragraph(title: str, raw: _RawParagraph, unit: _Unit) -> Paragraph:
    questions = [
        Question(asked.id, asked.question, [] if asked.is_impossible else _answers(raw.context, asked, unit))
        for asked in raw.qas
    ]
    return Paragraph(title, raw.context, questions, raw.sentence_breaks)


def _answers(context: str, asked: _RawQuestion, unit: _Unit) -> list[Answer]:
    return [Answer(raw.text, raw.answer_start, _start(context, raw, unit)) for raw in asked.answers]
