"""Read a user's parallel texts: JSON lines, TMX, or text files that are aligned line by line."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hbir.benchmarks.parallel_rows import Text
from hbir.core.errors import DataError
from hbir.core.lines import broken, expanded, read_lines
from hbir.debias.aligned import named_language, read_aligned
from hbir.debias.objects import read_objects
from hbir.debias.tmx import read_tmx

_ALIGNED = re.compile(r"([A-Za-z]{2,3}(?:[-_]\w+)*)=(.+)")
_FORMS = "JSON lines, TMX, or `LANGUAGE=FILE` for each of several aligned files"
_KINDS = {"{": read_objects, "<": read_tmx}
"""By the first character of a file, what reads it."""


class Parallel(NamedTuple):
    """Hold one text in its languages."""

    document: str
    """What it is a part of; empty where nobody knows."""
    versions: dict[str, Text]
    """Language → title (the query) and text; the title is empty where there is none."""


def read_texts(given: Sequence[str], dropped: Counter[str]) -> list[Parallel]:
    """Read all files.

    Args:
        given: paths of JSON lines or TMX, and `LANGUAGE=PATH` for files that are aligned line by line.
        dropped: counts, by reason, what is left out.

    Returns:
        The texts in their order.

    Raises:
        DataError: when a file is missing or broken, aligned files have other numbers of lines, or nothing is
            left.
        LanguageError: when a language is not in the table.
    """
    alone: list[Path] = []
    aligned: dict[str, Path] = {}
    for text in given:
        form = _ALIGNED.fullmatch(text)
        if form and not Path(text).exists():
            code = named_language(form[1], text)
            if code in aligned:
                raise _error(text, "one file per language", f"a second one of {code}", "Leave one out.")
            aligned[code] = expanded(form[2], text)
        else:
            alone.append(expanded(text, text))
    found = [row for number, path in enumerate(alone) for row in _of_file(path, number, len(alone), dropped)]
    if aligned:
        found += [Parallel("", versions) for versions in read_aligned(aligned)]
    if not found:
        raise _error(", ".join(given), "parallel texts", "none", "Check the files.")
    return found


def files_of(given: Sequence[str]) -> list[Path]:
    """List the files that were named.

    Args:
        given: as in `read_texts`.

    Returns:
        Their paths.
    """
    forms = [None if Path(text).exists() else _ALIGNED.fullmatch(text) for text in given]
    return [expanded(form[2] if form else text, text) for text, form in zip(given, forms, strict=True)]


def _of_file(path: Path, number: int, files: int, dropped: Counter[str]) -> Iterator[Parallel]:
    """Read one file; documents of two files are never one."""
    first = next(((line, text.strip()) for line, text in read_lines(path) if text.strip()), None)
    if first is None:
        return
    line, text = first
    if text[0] not in _KINDS:
        raise broken(
            path, line, _FORMS, repr(text[:40]), "Name the language before the file, as in `de=texts.de`."
        )
    for document, versions in _KINDS[text[0]](path, dropped):
        yield Parallel(f"{number}/{document}" if document and files > 1 else document, versions)


def _error(where: str, expected: str, found: str, hint: str) -> DataError:
    return DataError(where=where, expected=expected, found=found, hint=hint)
