"""Read translation memories in TMX, 1.1 to 1.4b, piece by piece and without expanding any entity.

Source: TMX 1.4b Specification (LISA, 2005).
"""

import zlib
from collections import Counter
from collections.abc import Iterator
from gzip import BadGzipFile
from pathlib import Path
from xml.parsers import expat

from hbir.benchmarks.parallel_rows import Text
from hbir.core.lines import broken, opened
from hbir.debias.aligned import named_language

_BLOCK = 1 << 16
_CODES = frozenset({"bpt", "ept", "it", "ph", "ut"})
"""Elements within a segment that hold the codes of some file format; any other one holds text."""
_AGAIN = "Export the memory again."


def read_tmx(path: Path, dropped: Counter[str]) -> Iterator[tuple[str, dict[str, Text]]]:
    """Read the units of a translation memory.

    Args:
        path: the file, plain or gzipped.
        dropped: counts second texts of a language in one unit, of which the first is taken.

    Yields:
        No document, and the segments by language: the variants `pt-BR` and `pt-PT` are both pt. Tags within a
        segment are gone, and runs of white space are one space.

    Raises:
        DataError: when it is no XML or no TMX, declares an entity, or a variant names no language.
        LanguageError: when a language is not in the table.
    """
    reader = _Reader(path, dropped)
    with opened(path) as stream:
        while True:
            try:
                block = stream.read(_BLOCK)
                reader.parser.Parse(block, not block)
            except expat.ExpatError as error:
                raise broken(path, error.lineno, "XML", expat.ErrorString(error.code), _AGAIN) from error
            except (BadGzipFile, EOFError, zlib.error) as error:
                raise broken(path, reader.line, "whole gzip data", str(error), _AGAIN) from error
            units, reader.units = reader.units, []
            yield from (("", unit) for unit in units)
            if not block:
                return


class _Reader:
    """Collect units from what the parser reports."""

    def __init__(self, path: Path, dropped: Counter[str]) -> None:
        self._path, self._dropped = path, dropped
        self.units: list[dict[str, Text]] = []
        self._open: list[str] = []
        """Names of the elements that are open."""
        self._unit: dict[str, Text] = {}
        self._language = ""
        self._segment: list[str] | None = None
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.EntityDeclHandler = self._entity
        self.parser.SkippedEntityHandler = self._skipped

    @property
    def line(self) -> int:
        """Where the parser stands."""
        return self.parser.CurrentLineNumber

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != "tmx":
            raise broken(self._path, self.line, "TMX", f"XML whose root is {name!r}", "Name another file.")
        self._open.append(name)
        if name == "tu":
            self._unit = {}
        elif name == "tuv":
            code = attributes.get("xml:lang") or attributes.get("lang")
            if code is None:
                raise broken(self._path, self.line, "`xml:lang` of a `tuv`", "none", _AGAIN)
            self._language = named_language(code, f"{self._path}, line {self.line}")
        elif name == "seg":
            self._segment = []

    def _end(self, name: str) -> None:
        self._open.pop()
        if name == "tu":
            self.units.append(self._unit)
        elif name == "seg" and self._segment is not None:
            text = " ".join("".join(self._segment).split())
            if self._language in self._unit:
                self._dropped["second text of a language"] += 1
            self._unit.setdefault(self._language, Text("", text))
            self._segment = None

    def _characters(self, text: str) -> None:
        if self._segment is not None and _CODES.isdisjoint(self._open):
            self._segment.append(text)

    def _skipped(self, name: str, is_parameter: bool) -> None:
        """Take an entity of a DTD that is not read, such as `&nbsp;`, for a space."""
        if not is_parameter:
            self._characters(" ")

    def _entity(self, name: str, *_: object) -> None:
        """Refuse entities: some files use them to grow without bounds, or to read other files."""
        raise broken(self._path, self.line, "no declaration of entities", f"that of {name!r}", _AGAIN)
