"""Read pairs from a file in SQuAD's layout."""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from hbir.benchmarks.squad_file import Paragraph, read_squad
from hbir.collection.source import Harvest, Pair, TextSource
from hbir.core.errors import DataError
from hbir.core.lines import readable
from hbir.core.objects.streams import Readable
from hbir.core.params import params_class
from hbir.core.sentences import sentence_breaks

_MISPLACED = "answer that is not where the file says"


@params_class
class SquadSource(TextSource):
    """Describe a source of kind `squad`, version 1.1 or 2.0."""

    kind: Literal["squad"]
    path: str
    """A JSON file, gzipped or not, `$VARIABLE`s are resolved; or the URL of an object."""
    passage: Literal["sentence", "paragraph"] = "sentence"
    """What answers a query: the sentence in which the first answer begins, or the whole paragraph."""


def read(params: SquadSource) -> Harvest:
    """Make a pair of every question that has an answer.

    Args:
        params: the source.

    Returns:
        Its pairs, those of one article on one side. Questions without an answer are counted, and those whose
        answers do not stand where the file says.
    """
    dropped: Counter[str] = Counter()
    return Harvest(_pairs(params, readable(params.path, f"source {params.name}: path"), dropped), dropped)


def _pairs(params: SquadSource, path: Readable, dropped: Counter[str]) -> Iterator[Pair]:
    for number, paragraph in enumerate(read_squad(path).paragraphs, 1):
        breaks = _breaks(paragraph, params, f"{path}, paragraph {number}")
        for question in paragraph.questions:
            starts = [answer.start for answer in question.answers if answer.start is not None]
            if not starts:
                dropped[_MISPLACED if question.answers else "query without an answer"] += 1
                continue
            first, stop = _holding(starts[0], breaks, f"{path}: question {question.id}")
            passage = paragraph.context[first:stop].strip()
            yield Pair(question.text, passage, group=paragraph.title or paragraph.context)


def _breaks(paragraph: Paragraph, params: SquadSource, where: str) -> list[tuple[int, int]]:
    if params.passage == "paragraph":
        return [(0, len(paragraph.context))]
    return paragraph.sentences(where) or sentence_breaks(paragraph.context)


def _holding(start: int, breaks: list[tuple[int, int]], where: str) -> tuple[int, int]:
    for first, stop in breaks:
        if first <= start < stop:
            return first, stop
    raise DataError(
        where=where,
        expected="an `answer_start` within one of the paragraph's `sentence_breaks`",
        found=str(start),
        hint="Mend or remove the question, or set `passage: paragraph`.",
    )
