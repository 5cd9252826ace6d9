"""Read pairs from a file in SQuAD's layout."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from hbir.collection.source import Harvest, Pair, TextSource
from hbir.core.errors import DataError
from hbir.core.lines import expanded, read_lines
from hbir.core.params import params_class
from hbir.core.sentences import sentence_breaks


@params_class
class SquadSource(TextSource):
    """Describe a source of kind `squad`, version 1.1 or 2.0."""

    kind: Literal["squad"]
    path: str
    """A `.json` or `.json.gz` file; `$VARIABLE`s are resolved."""
    passage: Literal["sentence", "paragraph"] = "sentence"
    """What answers a question: the sentence in which the first answer begins, or the whole paragraph."""


class _Answer(BaseModel):
    answer_start: int


class _Question(BaseModel):
    id: str
    question: str
    answers: list[_Answer] = Field(default_factory=list)
    is_impossible: bool = False


class _Paragraph(BaseModel):
    context: str
    qas: list[_Question]
    sentence_breaks: list[tuple[int, int]] | None = None


class _Article(BaseModel):
    title: str = ""
    paragraphs: list[_Paragraph]


class _File(BaseModel):
    data: list[_Article]


def read(params: SquadSource) -> Harvest:
    """Make a pair of every question that has an answer.

    Args:
        params: the source.

    Returns:
        Its pairs, those of one article on one side; questions without an answer are counted.
    """
    dropped: Counter[str] = Counter()
    return Harvest(_pairs(params, expanded(params.path, f"source {params.name}: path"), dropped), dropped)


def _pairs(params: SquadSource, path: Path, dropped: Counter[str]) -> Iterator[Pair]:
    for article in _parsed(path).data:
        for paragraph in article.paragraphs:
            breaks = _breaks(paragraph, params)
            for question in paragraph.qas:
                if question.is_impossible or not question.answers:
                    dropped["query without an answer"] += 1
                    continue
                first, stop = _holding(question, paragraph.context, breaks, path)
                passage = paragraph.context[first:stop].strip()
                yield Pair(question.question, passage, group=article.title or paragraph.context)


def _parsed(path: Path) -> _File:
    try:
        return _File.model_validate_json("\n".join(text for _, text in read_lines(path)))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise DataError(
            where=f"{path}: {place}" if place else str(path),
            expected="SQuAD's layout",
            found=fault["msg"],
            hint="Check that the file is whole and of kind `squad`.",
        ) from error


def _breaks(paragraph: _Paragraph, params: SquadSource) -> list[tuple[int, int]]:
    if params.passage == "paragraph":
        return [(0, len(paragraph.context))]
    return paragraph.sentence_breaks or sentence_breaks(paragraph.context)


def _holding(question: _Question, context: str, breaks: list[tuple[int, int]], path: Path) -> tuple[int, int]:
    start = question.answers[0].answer_start
    holding = [span for span in breaks if span[0] <= start < span[1]]
    if not 0 <= start < len(context) or not holding:
        raise DataError(
            where=f"{path}: question {question.id}",
            expected=f"an `answer_start` within a sentence of its context of {len(context)} characters",
            found=str(start),
            hint="Mend or remove the question.",
        )
    return holding[0]
