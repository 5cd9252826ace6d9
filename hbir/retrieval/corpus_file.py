"""Read a corpus of the user's own: JSON lines or plain text, one passage per line, gzipped or not."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from hbir.benchmarks.streamed import parse_passage
from hbir.core.errors import DataError
from hbir.core.files import atomic_file
from hbir.core.hashing import content_id, digest, file_digest
from hbir.core.lines import broken, missing, read_lines

_JSON = (".jsonl", ".json", ".ndjson")
_BOM = b"\xef\xbb\xbf"


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
            path: `.jsonl` with `_id`, `docid` or `id`, perhaps `title` and `lang` or `language`, and `text`;
                else text with a passage per line, whose id is the line's number. Either may end in `.gz`.

        Raises:
            DataError: when it is no file.
        """
        if not path.is_file():
            raise missing(path)
        self.path = path
        self.is_json = path.name.removesuffix(".gz").endswith(_JSON)

    def fingerprint(self) -> str:
        """Return a hash of the content and of how it is read, in hexadecimal."""
        return digest(f"{file_digest(self.path)} {self.is_json}")

    def __iter__(self) -> Iterator[Entry]:
        """Read the passages from the start; blank lines are passed over."""
        return (self._parse(number, line) for number, line in read_lines(self.path) if line.strip())

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
            if line.strip():
                entry = self._parse(number, line)
                keys.append(content_id(entry.id))
                numbers.append(number)
                offsets.append(offset)
                code = -1 if entry.language is None else known.setdefault(entry.language, len(known))
                languages.append(code)
        if not keys:
            raise DataError(where=str(self.path), expected="passages", found="none", hint="Name another file.")
        self._refuse_repetition(np.array(keys), numbers)
        return _sorted(offsets, languages, list(known))

    def read(self, offsets: Sequence[int]) -> list[Entry]:
        """Read some passages.

        Args:
            offsets: first bytes of their lines.

        Returns:
            The passages in that order.
        """
        entries = {}
        with self._opened() as stream:
            for offset in sorted(offsets):  # a gzipped file only goes forward
                stream.seek(offset)
                entries[offset] = self._parse(1, stream.readline().removeprefix(_BOM).decode())
        return [entries[offset] for offset in offsets]

    def _opened(self) -> IO[bytes] | gzip.GzipFile:
        return gzip.open(self.path, "rb") if self.path.suffix == ".gz" else self.path.open("rb")

    def _offsets(self) -> Iterator[int]:
        offset = 0
        with self._opened() as stream:
            for line in stream:
                yield offset
                offset += len(line)

    def _parse(self, number: int, line: str) -> Entry:
        if not self.is_json:
            return Entry(str(number), "", line.strip(), None)
        row = self._object(number, line)
        language = row.get("lang", row.get("language"))
        if language is not None and not isinstance(language, str):
            raise broken(self.path, number, "a language code as `lang`", repr(language))
        passage = parse_passage(self.path, number, row)
        return Entry(passage.id, row.get("title") or "", row["text"], language or None)

    def _object(self, number: int, line: str) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise broken(self.path, number, "JSON", str(error)) from error
        if not isinstance(row, dict):
            raise broken(self.path, number, "a JSON object", type(row).__name__)
        return row

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
    with np.load(path) as arrays:
        return Catalogue(arrays["offsets"], arrays["languages"], arrays["names"].tolist())


def _sorted(offsets: list[int], languages: list[int], names: list[str]) -> Catalogue:
    order = np.argsort(np.array(names, dtype=np.str_))
    place = np.append(np.argsort(order), -1)  # the last one is that of no language
    codes = place[np.array(languages)].astype(np.int32)
    return Catalogue(np.array(offsets, dtype=np.int64), codes, [names[number] for number in order])
