"""Read files in SQuAD's layout, and hold every answer's text against the place where it is said to stand."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import regex
from pydantic import BaseModel, Field, TypeAdapter

from hbir.benchmarks.local import parse_json
from hbir.benchmarks.offset_units import CHARACTERS, Unit, most_likely, same_in_all
from hbir.core.errors import DataError
from hbir.core.lines import read_lines
from hbir.core.objects.streams import Readable
from hbir.core.text import normalise

logger = logging.getLogger(__name__)
_WITHIN_WORD = regex.compile(r"(?<=\w)(?=\w)")


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


class Break(NamedTuple):
    """Hold where a sentence starts and ends."""

    written: tuple[int, int]
    """As in the file, in the file's unit."""
    start: int | None
    """In characters; None where no character begins there."""
    end: int | None
    """In characters; None likewise."""


class Paragraph(NamedTuple):
    """Hold a paragraph and the questions about it."""

    title: str
    """Of its article; empty where it has none."""
    context: str
    questions: list[Question]
    breaks: list[Break] | None
    """The file's `sentence_breaks`, where it has them."""

    def sentences(self, where: str) -> list[tuple[int, int]] | None:
        """Find the sentences by the file's `sentence_breaks`.

        Args:
            where: file and paragraph, for a message.

        Returns:
            Start and end of each in characters; None where the file has no breaks.

        Raises:
            DataError: when one lies outside the paragraph or within a character.
        """
        if self.breaks is None:
            return None
        for written, start, end in self.breaks:
            if start is None or end is None:
                raise DataError(
                    where=where,
                    expected=f"sentence_breaks within the {len(self.context)} characters, and between two",
                    found=str(list(written)),
                    hint="Mend the file, or take `sentence_breaks` out of it.",
                )
        return [(start, end) for _, start, end in self.breaks if start is not None and end is not None]


@dataclass(frozen=True, kw_only=True)
class SquadFile:
    """Hold the content of a file."""

    path: Readable
    paragraphs: list[Paragraph]
    unit: str
    """What `answer_start` counts, in words."""
    breaks_unit: str
    """What `sentence_breaks` count."""

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


def read_squad(path: Readable) -> SquadFile:
    """Read a file, and find out what its offsets count.

    Args:
        path: a `.json` or `.json.gz` file of version 1.1 or 2.0, with or without `sentence_breaks`.

    Returns:
        Its paragraphs in the file's order. Of all units that is taken in which most answers stand at their
        offset, and for the breaks that in which most cut no word; characters where none does better. Another
        one is warned about.

    Raises:
        DataError: when the file is missing, broken, or of another layout.
    """
    text = "\n".join(line for _, line in read_lines(path))
    articles = parse_json(_FORMAT, text, str(path), "SQuAD's layout").data
    raw = [(article.title, paragraph) for article in articles for paragraph in article.paragraphs]
    units = _units_of([paragraph for _, paragraph in raw if not same_in_all(paragraph.context)])
    paragraphs = [_paragraph(title, paragraph, *units) for title, paragraph in raw]
    keys = ["answer_start", *(["sentence_breaks"] if any(read.breaks for read in paragraphs) else [])]
    for key, unit in zip(keys, units, strict=False):
        if unit is not CHARACTERS:
            logger.warning("%s: %s counts %s, not characters, and is read so", path, key, unit.name)
    return SquadFile(path=path, paragraphs=paragraphs, unit=units[0].name, breaks_unit=units[1].name)


def _units_of(telling: Sequence[_RawParagraph]) -> tuple[Unit, Unit]:
    """Find the units of answers and of breaks in the paragraphs that tell units apart.

    One tool may have written both, or a second one the breaks: each decide for themselves. Where one of them
    says nothing, the other's unit is taken.
    """
    answers = [(raw.context, answer) for raw in telling for answer in raw.answers() if answer.text]
    breaks = [(raw.context, written) for raw in telling for written in raw.sentence_breaks or ()]
    unit = most_likely(answers, lambda item, unit: _start(*item, unit) is not None, CHARACTERS)
    breaks_unit = most_likely(breaks, lambda item, unit: _is_sentence(*item, unit), unit)
    return (unit if answers else breaks_unit), breaks_unit


def _is_sentence(context: str, written: tuple[int, int], unit: Unit) -> bool:
    """Tell whether breaks cut no word, and white space stands at the end of a sentence, not at its start."""
    start, end = (unit.boundary(context, offset) for offset in written)
    if start is None or end is None or _WITHIN_WORD.match(context, start) or _WITHIN_WORD.match(context, end):
        return False
    return not context[start : start + 1].isspace()


def _start(context: str, answer: _RawAnswer, unit: Unit) -> int | None:
    """Return where an answer stands; None where its text does not, but for case and forms of characters."""
    place = unit.place(context, answer.answer_start)
    if place is None or not answer.text or context.startswith(answer.text, place):
        return place
    there = context[place : place + len(answer.text)]
    return place if normalise(there) == normalise(answer.text) else None


def _paragraph(title: str, raw: _RawParagraph, unit: Unit, breaks_unit: Unit) -> Paragraph:
    questions = [
        Question(asked.id, asked.question, [] if asked.is_impossible else _answers(raw.context, asked, unit))
        for asked in raw.qas
    ]
    breaks = None if raw.sentence_breaks is None else _breaks(raw.context, raw.sentence_breaks, breaks_unit)
    return Paragraph(title, raw.context, questions, breaks)


def _answers(context: str, asked: _RawQuestion, unit: Unit) -> list[Answer]:
    return [Answer(raw.text, raw.answer_start, _start(context, raw, unit)) for raw in asked.answers]


def _breaks(context: str, written: Sequence[tuple[int, int]], unit: Unit) -> list[Break]:
    return [Break(pair, *(unit.boundary(context, offset) for offset in pair)) for pair in written]
