"""Build files of parallel documents from checkouts of repositories whose Markdown was translated by machine.

Such a repository has its English files at the top, and each file again in `translations/<language>/`. A
translation counts where its blocks are of the same kinds in the same order; block n of one is then block n of
the other.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import click

from hbir.core.errors import DataError, HbirError
from hbir.core.files import atomic_file
from hbir.core.languages import ENGLISH, is_code_of
from studies.blocks import Block, cut

LANGUAGES = ("ar", "de", "el", "es", "hi", "ru", "th", "tr", "vi", "zh")
"""Those of XQuAD-R."""
SHORTEST_BLOCK, SHORTEST_BODY = 15, 80
"""Characters of the English text, below which a block or section is left out."""
_TRANSLATIONS = "translations"
_NOTE, _RULE = "co-op-translator", re.compile(r"[-*_]{3,}")
"""What the translator's own note links to, at the end of each translation; and a rule."""
_WORD = re.compile("[A-Za-z]{3}")
"""What a block of numbers and codes does not have."""


@dataclass(frozen=True)
class Document:
    """Hold a document in the languages whose blocks are those of the English one."""

    name: str
    versions: Mapping[str, Sequence[Block]]
    """English first."""


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.argument("checkouts", nargs=-1, required=True, metavar="NAME=FOLDER…")
def main(out: Path, checkouts: tuple[str, ...]) -> None:
    """Write OUT/sections.jsonl.gz and OUT/blocks.jsonl.gz from checkouts, such as iot=IoT-For-Beginners."""
    try:
        click.echo(build(out, [_named(given) for given in checkouts]))
    except HbirError as error:
        raise click.ClickException(str(error)) from error


def build(out: Path, checkouts: Sequence[tuple[str, Path]]) -> str:
    """Write both files, the same bytes for the same checkouts.

    Args:
        out: the folder to write them to.
        checkouts: name of its documents and folder, of each.

    Returns:
        What was written and what was left out, in words.

    Raises:
        DataError: when a folder has no translations.
    """
    left_out: Counter[str] = Counter()
    documents = [document for name, folder in checkouts for document in read_checkout(name, folder, left_out)]
    counts = {
        name: _write(out / f"{name}.jsonl.gz", (row for document in documents for row in rows(document)))
        for name, rows in (("sections", sections), ("blocks", blocks))
    }
    lines = [f"{len(documents):,} documents, {counts['sections']:,} sections, {counts['blocks']:,} blocks"]
    lines += [f"  {reason}: {count:,}" for reason, count in sorted(left_out.items())]
    return "\n".join(lines)


def read_checkout(name: str, folder: Path, left_out: Counter[str]) -> Iterator[Document]:
    """Read the documents of one repository.

    Args:
        name: what their ids begin with.
        folder: the checkout.
        left_out: counts translations that are missing or of other blocks, by language.

    Yields:
        Documents with at least one translation, by path. Where a file was changed since it was translated, the
        English that the translator wrote from the older one may fit more translations; then that is taken.

    Raises:
        DataError: when the folder has no translations.
    """
    folders = _translations(folder)
    for path in sorted(folder.rglob("*.md"), key=lambda path: path.relative_to(folder).as_posix()):
        place = path.relative_to(folder)
        if place.parts[0].startswith((".", _TRANSLATIONS)):
            continue
        read = {lang: _cut_file(there / place) for lang, there in folders.items() if (there / place).is_file()}
        english = _cut_file(path)
        versions = aligned(english, read)
        if ENGLISH in read:
            versions = max(versions, aligned(without_note(read[ENGLISH], english), read), key=len)
        for language in sorted(folders.keys() - versions.keys()):
            left_out[f"{name}, {language}: {'other blocks' if language in read else 'missing'}"] += 1
        if len(versions) > 1:
            yield Document(f"{name}/{place.as_posix()}", versions)


def aligned(english: list[Block], read: Mapping[str, list[Block]]) -> dict[str, list[Block]]:
    """Choose the translations whose blocks are those of the English document.

    Args:
        english: its blocks.
        read: language → the blocks of its translation.

    Returns:
        Language → blocks, English first.
    """
    versions = {ENGLISH: english}
    for language, found in read.items():
        own = without_note(found, english)
        if language != ENGLISH and _kinds(own) == _kinds(english):
            versions[language] = own
    return versions


def without_note(found: Sequence[Block], english: Sequence[Block]) -> list[Block]:
    """Leave out the translator's note at the end of a translation, and the rule that may stand before it.

    Args:
        found: blocks of a translation.
        english: those of the English document.

    Returns:
        Those of the document itself.
    """
    noted = max((number for number, block in enumerate(found) if _NOTE in block.raw.lower()), default=-1)
    kept = list(found if noted < len(found) - 2 else found[:noted])
    for _ in range(_rules_at_end(kept) - _rules_at_end(english)):
        kept.pop()
    return kept


def blocks(document: Document) -> Iterator[dict[str, Any]]:
    """List the blocks that hold words in English, as rows of the file.

    Args:
        document: any.

    Yields:
        Rows; the id ends with the block's position.
    """
    for number, block in enumerate(document.versions[ENGLISH]):
        if block.kind == "code" or len(block.text) < SHORTEST_BLOCK or not _WORD.search(block.text):
            continue
        yield _row(
            document, str(number), {lang: every[number].text for lang, every in document.versions.items()}
        )


def sections(document: Document) -> Iterator[dict[str, Any]]:
    """List the sections, each with the title and the text up to the next heading, as rows of the file.

    Args:
        document: any.

    Yields:
        Rows; the id ends with the position of the heading.
    """
    english = document.versions[ENGLISH]
    starts = [number for number, block in enumerate(english) if block.kind == "heading"]
    for start, stop in pairwise([*starts, len(english)]):
        texts = {
            lang: {"title": every[start].text, "body": _body(every[start + 1 : stop])}
            for lang, every in document.versions.items()
        }
        if len(texts[ENGLISH]["body"]) >= SHORTEST_BODY:
            yield _row(document, f"h{start}", texts)


def _body(found: Iterable[Block]) -> str:
    return " ".join(block.text for block in found if block.kind not in ("code", "row") and block.text)


def _row(document: Document, place: str, texts: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": f"{document.name}#{place}", "text": texts}


def _cut_file(path: Path) -> list[Block]:
    return cut(path.read_text(encoding="utf-8"))


def _rules_at_end(found: Sequence[Block]) -> int:
    return sum(1 for _ in takewhile(lambda block: _RULE.fullmatch(block.raw), reversed(found)))


def _kinds(found: Sequence[Block]) -> list[str]:
    return [block.kind for block in found]


def _translations(folder: Path) -> dict[str, Path]:
    """Find the folder of each language; of the variants of one (zh-CN, zh-TW) the first by name."""
    there = sorted(path for path in (folder / _TRANSLATIONS).glob("*") if path.is_dir())
    found = {
        language: [path for path in there if is_code_of(path.name, language)]
        for language in (ENGLISH, *LANGUAGES)
    }
    chosen = {language: paths[0] for language, paths in found.items() if paths}
    if not chosen.keys() - {ENGLISH}:
        raise DataError(
            where=str(folder / _TRANSLATIONS),
            expected=f"folders of languages such as {', '.join(LANGUAGES[:3])}",
            found=", ".join(path.name for path in there) or "none",
            hint="Name the folder of a checkout, with all of its files.",
        )
    return chosen


def _named(given: str) -> tuple[str, Path]:
    name, sign, folder = given.partition("=")
    if not sign or not name:
        raise click.UsageError(f"Name each checkout as in iot=IoT-For-Beginners, not {given!r}.")
    return name, Path(folder)


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with (
        atomic_file(path) as temporary,
        temporary.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as stream,
    ):
        for row in rows:
            stream.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            count += 1
    return count


if __name__ == "__main__":
    main()
