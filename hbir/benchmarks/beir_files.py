"""Read corpora and queries in BEIR's format, from a folder or from the Hub."""

import logging
from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

from hbir.benchmarks.streamed import Passage, parse_passage
from hbir.core.errors import DataError
from hbir.core.hashing import digest, file_digest
from hbir.core.hub.datasets import HubDataset
from hbir.core.languages import language_code
from hbir.core.lines import broken, missing, read_jsonl

logger = logging.getLogger(__name__)
_ID = ("_id",)


@dataclass(frozen=True)
class Table:
    """Hold where the corpus or the queries are."""

    path: Path
    """The file, or the name of a table on the Hub."""
    read: Callable[[], Iterator[tuple[int, dict[str, Any]]]]
    """Reads line numbers and rows from the start."""
    version: str = ""
    """Commit on the Hub; empty for a local file."""

    @cached_property
    def content(self) -> str:
        """Return what names its content, in hexadecimal; a local file is read once to hash it."""
        return self.version or file_digest(self.path)


class Query(NamedTuple):
    """Hold a query."""

    id: str
    """With its language."""
    text: str
    language: str
    key: str
    """The same for the translations of one query."""


class Row(NamedTuple):
    """Hold a passage and where it stands."""

    line: int
    language: str
    passage: Passage


@dataclass
class Survey:
    """Hold what one pass over a corpus tells."""

    passages: Counter[str] = field(default_factory=Counter)
    """Language → passages."""
    language: dict[str, str] = field(default_factory=dict)
    """Id of a passage that was asked for → its language."""


@dataclass(frozen=True)
class LanguageCorpus:
    """Stream the passages of one language."""

    table: Table
    language: str
    default: str

    def __iter__(self) -> Iterator[Passage]:
        """Read the passages from the start."""
        return (row.passage for row in read_passages(self.table, self.default) if row.language == self.language)

    def fingerprint(self) -> str:
        """Return a hash of the whole corpus and of the language."""
        return digest(f"{self.table.content} {self.language} {self.default}")


def table_in(folder: Path, name: str, hint: str) -> Table:
    """Find a table in a folder.

    Args:
        folder: of the benchmark.
        name: `corpus` or `queries`.
        hint: what to do when it is not there.

    Returns:
        The JSON-lines file, gzipped or not.

    Raises:
        DataError: when it is not there.
    """
    for path in (folder / f"{name}.jsonl", folder / f"{name}.jsonl.gz"):
        if path.is_file():
            return Table(path, partial(read_jsonl, path))
    raise missing(folder / f"{name}.jsonl", hint)


def table_on_hub(dataset: HubDataset, name: str) -> Table:
    """Find a table of the organisation BeIR, which keeps some as JSON lines and some as Parquet.

    Args:
        dataset: where it is.
        name: `corpus` or `queries`.

    Returns:
        The table.

    Raises:
        DataError: when the Hub cannot be reached and has not been before.
    """
    file = f"{name}.jsonl.gz"
    if file in dataset.files():
        path = dataset.fetch(file)
        return Table(path, partial(read_jsonl, path), dataset.commit())
    path = Path(dataset.repo, name)
    return Table(path, lambda: iter(enumerate(dataset.rows(name, name), start=1)), dataset.commit())


def read_queries(table: Table, default: str) -> dict[str, Query]:
    """Read all queries.

    Args:
        table: where they are.
        default: language of those without a field `lang`.

    Returns:
        Id as in the file → query.

    Raises:
        DataError: when one has no id or text, or an id comes twice.
    """
    queries: dict[str, Query] = {}
    for number, row in table.read():
        query_id, text, _ = parse_passage(table.path, number, {**row, "title": None}, ids=_ID)
        language = _language(table, number, row, default)
        if query_id in queries:
            raise twice(table, number, query_id)
        queries[query_id] = Query(f"{language}:{query_id}", text, language, str(row.get("key") or query_id))
    return queries


def read_passages(table: Table, default: str) -> Iterator[Row]:
    """Read the corpus from the start; a passage may be empty, as some of BEIR's are.

    Args:
        table: where it is.
        default: language of the passages without a field `lang`.

    Yields:
        The passages, their ids as in the file.

    Raises:
        DataError: when one has no id or no field `text`.
    """
    for number, row in table.read():
        passage = parse_passage(table.path, number, row, blank=True, ids=_ID)
        yield Row(number, _language(table, number, row, default), passage)


def take_survey(table: Table, asked: Container[str], default: str) -> Survey:
    """Pass over a corpus once without keeping it.

    Args:
        table: where it is.
        asked: ids whose language is wanted.
        default: language of the passages without a field `lang`.

    Returns:
        The numbers of passages, and the languages of those that were asked for.

    Raises:
        DataError: when a line is broken, or an id that was asked for comes twice.
    """
    survey, blank = Survey(), 0
    for number, language, passage in read_passages(table, default):
        survey.passages[language] += 1
        blank += not passage.text
        if passage.id in survey.language:
            raise twice(table, number, passage.id)
        if passage.id in asked:
            survey.language[passage.id] = language
    if blank:
        logger.info("%s: %d passages have neither title nor text, and stay", table.path, blank)
    return survey


def twice(table: Table, number: int, identifier: str) -> DataError:
    """Build the error for an id that is not the first of its kind.

    Args:
        table: where it stands.
        number: its line.
        identifier: the id.

    Returns:
        The error, to be raised by the caller.
    """
    return broken(table.path, number, "ids of their own", f"{identifier!r} once more")


def _language(table: Table, number: int, row: dict[str, Any], default: str) -> str:
    language = row.get("lang") or default
    if not isinstance(language, str):
        raise broken(table.path, number, "a language code as `lang`", repr(language))
    return language_code(language, f"{table.path}, line {number}: lang")
