"""Read qrels and topics in the formats of TREC and BEIR."""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hbir.benchmarks.local import trimmed
from hbir.core.errors import DataError
from hbir.core.lines import broken, read_lines

logger = logging.getLogger(__name__)
_NAMED = 5
_COLUMNS = 3
_LARGEST = 2**53
"""Of a grade; above it not every whole number is a float."""


class Qrel(NamedTuple):
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
    """Read `id<TAB>query` lines as they are: a quotation mark is part of the query.

    Args:
        path: a TSV file without header.

    Returns:
        Id → query, in the order of the file.

    Raises:
        DataError: when a line has no tab or no query, or an id comes twice.
    """
    topics: dict[str, str] = {}
    for number, line in read_lines(path):
        query, tab, text = line.partition("\t")
        query, text = trimmed(query), trimmed(text)
        if not tab or not text:
            raise broken(path, number, "an id, a tab and a query", repr(line))
        if query in topics:
            raise broken(path, number, "ids of their own", f"{query!r} once more")
        topics[query] = text
    return topics


def read_trec(path: Path) -> list[Qrel]:
    """Read qrels in TREC's format: query, anything, passage, grade.

    Args:
        path: a file of four columns between white space.

    Returns:
        The qrels in the order of the file.

    Raises:
        DataError: when a line has other columns, or contradicts an earlier one.
    """
    rows = ((number, line.split()) for number, line in read_lines(path))
    return _qrels(path, ((number, row[:1] + row[2:]) for number, row in rows), "query, Q0, passage and grade")


def read_beir(path: Path) -> list[Qrel]:
    """Read qrels in BEIR's format: a header, then query, passage and grade.

    Args:
        path: a TSV file.

    Returns:
        The qrels in the order of the file.

    Raises:
        DataError: when the header is missing, or a line has other columns or contradicts an earlier one.
    """
    rows = ((number, line.split("\t")) for number, line in read_lines(path))
    first = next(rows, (1, []))
    if [trimmed(name).lower() for name in first[1]][:3] != ["query-id", "corpus-id", "score"]:
        raise broken(path, 1, "the header query-id, corpus-id, score between tabs", repr("\t".join(first[1])))
    return _qrels(path, rows, "query, passage and grade between tabs")


def _qrels(path: Path, rows: Iterable[tuple[int, list[str]]], expected: str) -> list[Qrel]:
    known: dict[tuple[str, str], int] = {}
    repeated = 0
    for number, row in rows:
        query, passage, grade = _columns(path, number, row, expected)
        if known.setdefault((query, passage), grade) != grade:
            found = f"{known[query, passage]} before and {grade} now for {query!r} and {passage!r}"
            raise broken(path, number, "one grade per query and passage", found)
        repeated += 1
    if repeated > len(known):
        logger.warning("%s: %d qrels stand there more than once", path, repeated - len(known))
    return [Qrel(query, passage, grade) for (query, passage), grade in known.items()]


def _columns(path: Path, number: int, row: list[str], expected: str) -> tuple[str, str, int]:
    fields = [trimmed(field) for field in row]
    while len(fields) > _COLUMNS and not fields[-1]:  # trailing tabs
        fields.pop()
    if len(fields) != _COLUMNS or not fields[0] or not fields[1]:
        raise broken(path, number, expected, " ".join(fields) or "an empty line")
    query, passage, grade = fields
    return query, passage, _grade(path, number, grade)


def _grade(path: Path, number: int, written: str) -> int:
    """Read a grade, also where a table program wrote it as `1.0`."""
    try:
        grade = float(written)
        if grade.is_integer() and abs(grade) <= _LARGEST:
            return int(grade)
        found = f"{written!r}, a fraction" if math.isfinite(grade) and not grade.is_integer() else repr(written)
    except ValueError:
        found = repr(written) if written else "none"
    raise DataError(
        where=f"{path}, line {number}",
        expected="a whole number as the grade, such as 0, 1 or 2",
        found=found,
        hint="Grades say how relevant a passage is: round them, or multiply all by 10 or 100.",
    )


def relevance(qrels: Iterable[Qrel], queries: Mapping[str, int], passage_ids: Sequence[str] = ()) -> Relevance:
    """Number the relevant pairs; what was judged not relevant counts as never judged.

    Args:
        qrels: every query among them must be known.
        queries: query id → index.
        passage_ids: passages to number first, relevant or not.

    Returns:
        The relevant passages, pairs and grades.
    """
    passages = {passage: number for number, passage in enumerate(passage_ids)}
    rows = [
        (queries[row.query], passages.setdefault(row.passage, len(passages)), row.grade)
        for row in qrels
        if row.grade > 0
    ]
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)
    return Relevance(list(passages), np.ascontiguousarray(table[:, :2]), table[:, 2].astype(np.float64))


def known_queries(
    qrels: Sequence[Qrel], queries: Mapping[str, object], where: str, share: float
) -> Iterator[Qrel]:
    """Leave out qrels of unknown queries, which are counted.

    Args:
        qrels: all of them.
        queries: the known ids.
        where: what to call the benchmark in a message.
        share: largest share of the judged queries that may be unknown.

    Returns:
        The other qrels.

    Raises:
        DataError: when more are unknown.
    """
    judged = dict.fromkeys(row.query for row in qrels)
    tolerate_unknown([query for query in judged if query not in queries], len(judged), "queries", where, share)
    return (row for row in qrels if row.query in queries)


def tolerate_unknown(unknown: Sequence[str], total: int, what: str, where: str, share: float) -> None:
    """Warn of ids that qrels name and no file knows, or refuse them.

    Args:
        unknown: the ids.
        total: how many ids the qrels name.
        what: `queries` or `passages`.
        where: what to call the benchmark in a message.
        share: largest share of `total` that may be unknown.

    Raises:
        DataError: when more are unknown.
    """
    if not unknown:
        return
    first = ", ".join(unknown[:_NAMED])
    found = f"{len(unknown)} of {total} {what} in the qrels unknown, the first {first}"
    if len(unknown) > share * total:
        raise DataError(
            where=where,
            expected=f"at most {share:.1%} of the judged {what} absent",
            found=found,
            hint="Check that all files are of one version, or raise `unknown_share`.",
        )
    logger.warning("%s: %s", where, found)
