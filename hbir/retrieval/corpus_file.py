"""Read a corpus of the user's own: JSON lines, a table with tabs or plain text, a passage per line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hbir.benchmarks.streamed import parse_passage
from hbir.core.errors import DataError
from hbir.core.files import atomic_file
from hbir.core.hashing import content_id, digest, file_digest
from hbir.core.lines import BOM, broken, missing, opened, parse_object, read_lines
from hbir.retrieval.corpus_format import find_format


class Entry(NamedTuple):
    """Hold one passage as it is shown."""

    id: str
    title: str
    text: str
    language: str | None

    @property
    def whole(self) -> str:
        """Return what is embedded."""
        return f"{self.title} {self.text}".strip()


@dataclass(frozen=True)
class Catalogue:
    """Say where each passage stands and what language it is in."""

    numbers: np.ndarray
    """(n,) int64, number of its line, from 1."""
    offsets: np.ndarray
    """(n,) int64, first byte of its line, decompressed."""
    languages: np.ndarray
    """(n,) int32, index into `names`; -1 where it has none."""
    names: list[str]
    """The languages of the corpus, sorted."""


class CorpusFile:
    """Read passages in their order, or some of them by place."""

    def __init__(self, path: Path) -> None:
        """Open a corpus.

        Args:
            path: JSON lines or a table with `_id`, `docid` or `id`, perhaps `title` and `lang` or `language`,
                and `text`; else text with a passage per line, whose id is the line's number. Its content tells
                which; any may be gzipped.

        Raises:
            DataError: when it is no file, or none of these.
        """
        if not path.is_file():
            raise missing(path)
        self.path = path
        self.format = find_format(path)

    def fingerprint(self) -> str:
        """Return a hash of the content and of how it is read, in hexadecimal."""
        return digest(f"{file_digest(self.path)} {self.format}")

    def __iter__(self) -> Iterator[Entry]:
        """Read the passages from the start; blank lines are passed over."""
        entries = (self._parse(number, line) for number, line in read_lines(self.path))
        return (entry for entry in entries if entry)

    def catalogue(self) -> Catalogue:
        """Read the corpus through once, without keeping its texts.

        Returns:
            Places and languages.

        Raises:
            DataError: when there is no passage, a line is broken, or an id comes twice.
        """
        keys, numbers, offsets, languages = [], [], [], []
        known: dict[str, int] = {}
        for (number, line), offset in zip(read_lines(self.path), self._offsets(), strict=True):
            if entry := self._parse(number, line):
                keys.append(content_id(entry.id))
                numbers.append(number)
                offsets.append(offset)
                code = -1 if entry.language is None else known.setdefault(entry.language, len(known))
                languages.append(code)
        if not keys:
            raise DataError(where=str(self.path), expected="passages", found="none", hint="Name another file.")
        self._refuse_repetition(np.array(keys), numbers)
        return _sorted(numbers, offsets, languages, list(known))

    def read(self, catalogue: Catalogue, rows: Sequence[int]) -> list[Entry]:
        """Read some passages.

        Args:
            catalogue: that of this corpus.
            rows: their places in it.

        Returns:
            The passages in that order.
        """
        entries: dict[int, Entry] = {}
        with opened(self.path) as stream:
            for row in sorted(rows):  # a gzipped file only goes forward
                stream.seek(int(catalogue.offsets[row]))
                line = stream.readline().removeprefix(BOM).decode()
                if entry := self._parse(int(catalogue.numbers[row]), line.rstrip("\r\n")):
                    entries[row] = entry
        return [entries[row] for row in rows]

    def _offsets(self) -> Iterator[int]:
        offset = 0
        with opened(self.path) as stream:
            for line in stream:
                yield offset
                offset += len(line)

    def _parse(self, number: int, line: str) -> Entry | None:
        """Return a passage; None for a blank line, and for the names of a table's columns."""
        row = self._row(number, line) if line.strip() else None
        if row is None:
            return None
        language = row.get("lang", row.get("language"))
        if language is not None and not isinstance(language, str):
            raise broken(self.path, number, "a language code as `lang`", repr(language))
        passage = parse_passage(self.path, number, row)
        return Entry(passage.id, row.get("title") or "", row["text"], language or None)

    def _row(self, number: int, line: str) -> Mapping[str, Any] | None:
        if self.format.kind == "json":
            return parse_object(self.path, number, line)
        try:
            return self.format.row(number, line)
        except ValueError as error:
            expected = f"{len(self.format.columns)} columns, as in the first line"
            raise broken(self.path, number, expected, str(error)) from error

    def _refuse_repetition(self, keys: np.ndarray, numbers: list[int]) -> None:
        _, first = np.unique(keys, return_index=True)
        if len(first) < len(keys):
            again = np.setdiff1d(np.arange(len(keys)), first)[0]
            before = numbers[int(np.flatnonzero(keys == keys[again])[0])]
            raise broken(self.path, numbers[again], "an id of its own", f"the one of line {before}")


def save_catalogue(catalogue: Catalogue, path: Path) -> None:
    """Write a catalogue.

    Args:
        catalogue: places and languages.
        path: a `.npz` file.
    """
    with atomic_file(path) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            numbers=catalogue.numbers,
            offsets=catalogue.offsets,
            languages=catalogue.languages,
            names=np.array(catalogue.names, dtype=np.str_),
        )


def load_catalogue(path: Path) -> Catalogue:
    """Read a catalogue.

    Args:
        path: what `save_catalogue` wrote.

    Returns:
        It.
    """
    with path.open("rb") as stream, np.load(stream) as arrays:
        return Catalogue(arrays["numbers"], arrays["offsets"], arrays["languages"], arrays["names"].tolist())


def _sorted(numbers: list[int], offsets: list[int], languages: list[int], names: list[str]) -> Catalogue:
    order = np.argsort(np.array(names, dtype=np.str_))
    place = np.append(np.argsort(order), -1)  # the last one is that of no language
    codes = place[np.array(languages)].astype(np.int32)
    lines, starts = (np.array(column, dtype=np.int64) for column in (numbers, offsets))
    return Catalogue(lines, starts, codes, [names[code] for code in order])
