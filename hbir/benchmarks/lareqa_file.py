"""Read LAReQA's files: SQuAD's layout, and the sentence breaks of every paragraph.

LAReQA's own code demands one answer per question, and leaves a question out whose answer starts in no sentence;
here both are errors, so that no set is other than it looks (Source: google-research/xtreme,
third_party/utils_lareqa.py). So is an answer whose text is not where it is said to start.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hbir.benchmarks import squad_file
from hbir.benchmarks.squad_file import SquadFile, read_squad
from hbir.core.errors import DataError


class Query(NamedTuple):
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
    queries: list[Query]


def read_paragraphs(path: Path) -> list[Paragraph]:
    """Read the paragraphs of one language.

    Args:
        path: a file such as `xquad-r/de.json`.

    Returns:
        The paragraphs in the file's order; sentences are cut by `sentence_breaks`, not taken from `sentences`,
        from which two Turkish ones differ.

    Raises:
        DataError: when the file is broken, sentences overlap or lie outside the paragraph, an answer's text is
            not where it is said to start, a question's answer does not start in one sentence, or an id occurs
            twice.
    """
    file = read_squad(path)
    ids = Counter(asked.id for paragraph in file.paragraphs for asked in paragraph.questions)
    if twice := [name for name, times in ids.items() if times > 1]:
        raise _broken(str(path), "every question's id once", f"{twice[0]!r} {ids[twice[0]]} times")
    _refuse_misplaced(file)
    return [_paragraph(raw, f"{path}, paragraph {number}") for number, raw in enumerate(file.paragraphs, 1)]


def _refuse_misplaced(file: SquadFile) -> None:
    misplaced = list(file.misplaced())
    if not misplaced:
        return
    paragraph, asked, answer = misplaced[0]
    answers = sum(len(asked.answers) for raw in file.paragraphs for asked in raw.questions)
    length, start = len(paragraph.context), answer.written
    there = paragraph.context[start : start + len(answer.text)] if start >= 0 else ""
    raise _broken(
        f"{file.path}, question {asked.id}",
        f"its answer {answer.text!r} at answer_start {start}",
        f"{there!r} in a context of {length} characters; "
        f"{len(misplaced)} of {answers} answers are not where the file says, whatever the unit",
    )


def _paragraph(raw: squad_file.Paragraph, where: str) -> Paragraph:
    breaks = raw.sentences(where)
    if breaks is None:
        raise _broken(where, "`sentence_breaks`", "none")
    _check_order(breaks, where)
    sentences = [raw.context[start:end] for start, end in breaks]
    queries = [Query(asked.id, asked.text, _sentence(asked, breaks, where)) for asked in raw.questions]
    return Paragraph(raw.context, sentences, queries)


def _check_order(breaks: Sequence[tuple[int, int]], where: str) -> None:
    reached = 0
    for start, end in breaks:
        if start >= end:
            raise _broken(where, "sentence_breaks of at least one character", f"[{start}, {end}]")
        if start < reached:
            raise _broken(where, "sentence_breaks in order and apart", f"[{start}, {end}] after {reached}")
        reached = end


def _sentence(asked: squad_file.Question, breaks: Sequence[tuple[int, int]], where: str) -> int:
    place = f"{where}, question {asked.id}"
    found = {_holding(answer.start, breaks, place) for answer in asked.answers if answer.start is not None}
    if not found:
        raise _broken(place, "an answer", "none")
    if len(found) > 1:
        raise _broken(place, "its answers in one sentence", f"answers in {len(found)}")
    return found.pop()


def _holding(position: int, breaks: Sequence[tuple[int, int]], place: str) -> int:
    for number, (start, end) in enumerate(breaks):
        if start <= position < end:
            return number
    raise _broken(place, "a sentence that holds the answer", f"none at answer_start {position}")


def _broken(where: str, expected: str, found: str) -> DataError:
    hint = "Mend the file, take the question out of it, or fetch it again."
    return DataError(where=where, expected=expected, found=found, hint=hint)
