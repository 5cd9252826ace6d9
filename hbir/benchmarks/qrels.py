"""Read relevance judgements and topics in the formats of TREC and BEIR."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hbir.core.errors import DataError
from hbir.core.lines import broken, read_lines

logger = logging.getLogger(__name__)
_NAMED = 5


class Judgement(NamedTuple):
    """Hold what an assessor said of one passage for one query."""

    query: str
    passage: str
    grade: int
    """Relevant when above 0."""


class Relevance(NamedTuple):
    """Hold the relevant pairs by index."""

    passage_ids: list[str]
    """The passages that were given, then the other relevant ones in the order in which they are first named."""
    pairs: np.ndarray
    """(n, 2) int64, query and passage index, sorted."""
    grades: np.ndarray
    """(n,) float64, above 0."""


def read_topics(path: Path) -> dict[str, str]:
    """Read `id<TAB>question` lines as they are: a quotation mark is part of the question.

    Args:
        path: a TSV file without header.

    Returns:
        Id → question, in the order of the file.

    Raises:
        DataError: when a line has no tab or no question, or an id comes twice.
    """
    topics: dict[str, str] = {}
    for number, line in read_lines(path):
        query, tab, text = line.partition("\t")
        if not tab or not text.strip():
            raise broken(path, number, "an id, a tab and a question", repr(line))
        if query in topics:
            raise broken(path, number, "ids of their own", f"{query!r} once more")
        topics[query] = text.strip()
    return topics


def read_trec(path: Path) -> list[Judgement]:
    """Read judgements in TREC's format: query, anything, passage, grade.

    Args:
        path: a file of four columns between white space.

    Returns:
        The judgements in the order of the file.

    Raises:
        DataError: when a line has other columns, or contradicts an earlier one.
    """
    rows = ((number, line.split()) for number, line in read_lines(path))
    return _judgements(
        path, ((number, row[:1] + row[2:]) for number, row in rows), "query, Q0, passage and grade"
    )


def read_beir(path: Path) -> list[Judgement]:
    """Read judgements in BEIR's format: a header, then query, passage and grade.

    Args:
        path: a TSV file.

    Returns:
        The judgements in the order of the file.

    Raises:
        DataError: when the header is missing, or a line has other columns or contradicts an earlier one.
    """
    rows = ((number, line.split("\t")) for number, line in read_lines(path))
    first = next(rows, (1, []))
    if [name.strip() for name in first[1]] != ["query-id", "corpus-id", "score"]:
        raise broken(path, 1, "the header query-id, corpus-id, score between tabs", repr("\t".join(first[1])))
    return _judgements(path, rows, "query, passage and grade between tabs")


def _judgements(path: Path, rows: Iterable[tuple[int, list[str]]], expected: str) -> list[Judgement]:
    known: dict[tuple[str, str], int] = {}
    repeated = 0
    for number, row in rows:
        query, passage, grade = _columns(path, number, row, expected)
        if known.setdefault((query, passage), grade) != grade:
            found = f"{known[query, passage]} before and {grade} now for {query!r} and {passage!r}"
            raise broken(path, number, "one grade per query and passage", found)
        repeated += 1
    if repeated > len(known):
        logger.warning("%s: %d judgements stand there more than once", path, repeated - len(known))
    return [Judgement(query, passage, grade) for (query, passage), grade in known.items()]


def _columns(path: Path, number: int, row: list[str], expected: str) -> tuple[str, str, int]:
    try:
        query, passage, grade = row
        return query, passage, int(grade)
    except ValueError as error:
        raise broken(path, number, expected, " ".join(row) or "an empty line") from error


def relevance(
    judgements: Iterable[Judgement], queries: Mapping[str, int], passage_ids: Sequence[str] = ()
) -> Relevance:
    """Number the relevant pairs; what was judged not relevant counts as never judged.

    Args:
        judgements: every query among them must be known.
        queries: query id → index.
        passage_ids: passages to number first, relevant or not.

    Returns:
        The relevant passages, pairs and grades.
    """
    passages = {passage: number for number, passage in enumerate(passage_ids)}
    rows = [
        (queries[row.query], passages.setdefault(row.passage, len(passages)), row.grade)
        for row in judgements
        if row.grade > 0
    ]
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)
    return Relevance(list(passages), np.ascontiguousarray(table[:, :2]), table[:, 2].astype(np.float64))


def known_queries(
    judgements: Sequence[Judgement], queries: Mapping[str, object], where: str, share: float
) -> Iterator[Judgement]:
    """Leave out judgements of unknown queries, which are counted.

    Args:
        judgements: all of them.
        queries: the known ids.
        where: what to call the benchmark in a message.
        share: largest share of the judged queries that may be unknown.

    Returns:
        The other judgements.

    Raises:
        DataError: when more are unknown.
    """
    judged = dict.fromkeys(row.query for row in judgements)
    tolerate_unknown([query for query in judged if query not in queries], len(judged), "queries", where, share)
    return (row for row in judgements if row.query in queries)


def tolerate_unknown(unknown: Sequence[str], total: int, what: str, where: str, share: float) -> None:
    """Warn of ids that judgements name and no file knows, or refuse them.

    Args:
        unknown: the ids.
        total: how many ids the judgements name.
        what: `queries` or `passages`.
        where: what to call the benchmark in a message.
        share: largest share of `total` that may be unknown.

    Raises:
        DataError: when more are unknown.
    """
    if not unknown:
        return
    first = ", ".join(unknown[:_NAMED])
    found = f"{len(unknown)} of {total} {what} in the judgements unknown, the first {first}"
    if len(unknown) > share * total:
        raise DataError(
            where=where,
            expected=f"at most {share:.1%} of the judged {what} absent",
            found=found,
            hint="Check that all files are of one version, or raise `unknown_share`.",
        )
    logger.warning("%s: %s", where, found)
