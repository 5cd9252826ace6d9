"""Read LAReQA's files: SQuAD's layout, and the sentence breaks of every paragraph.

LAReQA's own code demands one answer per question, and leaves a question out whose answer starts in no sentence;
here both are errors, so that no set is other than it looks (Source: google-research/xtreme,
third_party/utils_lareqa.py).
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter

from hbir.benchmarks.local import parsed
from hbir.core.errors import DataError


class Question(NamedTuple):
    """Hold a question and the place of its answer."""

    id: str
    """The same in every language."""
    text: str
    sentence: int
    """Index, among the paragraph's sentences, of the one in which the answer starts."""


class Paragraph(NamedTuple):
    """Hold a paragraph, its sentences in order and the questions about it."""

    context: str
    sentences: list[str]
    questions: list[Question]


@dataclass(frozen=True)
class _Answer:
    answer_start: int


@dataclass(frozen=True)
class _Asked:
    id: str
    question: str
    answers: list[_Answer]


@dataclass(frozen=True)
class _Written:
    context: str
    sentence_breaks: list[tuple[int, int]]
    qas: list[_Asked]


@dataclass(frozen=True)
class _Article:
    paragraphs: list[_Written]


@dataclass(frozen=True)
class _Document:
    data: list[_Article]


_FORMAT = TypeAdapter(_Document)


def read_paragraphs(path: Path) -> list[Paragraph]:
    """Read the paragraphs of one language.

    Args:
        path: a file such as `xquad-r/de.json`.

    Returns:
        The paragraphs in the file's order; sentences are cut by `sentence_breaks`, not taken from `sentences`,
        from which two Turkish ones differ.

    Raises:
        DataError: when the file is broken, sentences overlap or lie outside the paragraph, a question's answer
            does not start in one sentence, or an id occurs twice.
    """
    document = parsed(_FORMAT, path.read_bytes(), str(path))
    written = [paragraph for article in document.data for paragraph in article.paragraphs]
    ids = Counter(asked.id for paragraph in written for asked in paragraph.qas)
    if twice := [name for name, times in ids.items() if times > 1]:
        raise _broken(str(path), "every question's id once", f"{twice[0]!r} {ids[twice[0]]} times")
    return [_checked(paragraph, f"{path}, paragraph {number}") for number, paragraph in enumerate(written, 1)]


def _checked(written: _Written, where: str) -> Paragraph:
    _check_breaks(written, where)
    sentences = [written.context[start:end] for start, end in written.sentence_breaks]
    questions = [Question(asked.id, asked.question, _sentence(asked, written, where)) for asked in written.qas]
    return Paragraph(written.context, sentences, questions)


def _check_breaks(written: _Written, where: str) -> None:
    length, reached = len(written.context), 0
    for start, end in written.sentence_breaks:
        if not 0 <= start < end <= length:
            raise _broken(where, f"sentence_breaks within the {length} characters", f"[{start}, {end}]")
        if start < reached:
            raise _broken(where, "sentence_breaks in order and apart", f"[{start}, {end}] after {reached}")
        reached = end


def _sentence(asked: _Asked, written: _Written, where: str) -> int:
    place = f"{where}, question {asked.id}"
    found = {_holding(answer.answer_start, written, place) for answer in asked.answers}
    if not found:
        raise _broken(place, "an answer", "none")
    if len(found) > 1:
        raise _broken(place, "its answers in one sentence", f"answers in {len(found)}")
    return found.pop()


def _holding(position: int, written: _Written, place: str) -> int:
    if not 0 <= position < len(written.context):
        raise _broken(place, f"an answer_start within the {len(written.context)} characters", str(position))
    for number, (start, end) in enumerate(written.sentence_breaks):
        if start <= position < end:
            return number
    raise _broken(place, "a sentence that holds the answer", f"none at answer_start {position}")


def _broken(where: str, expected: str, found: str) -> DataError:
    hint = "Mend the file, take the question out of it, or fetch it again."
    return DataError(where=where, expected=expected, found=found, hint=hint)
