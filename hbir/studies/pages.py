"""Fill the marked parts of a page with the blocks of a report.

A part begins with `<!-- NAME: BLOCK -->` and ends with `<!-- /NAME -->`, where NAME is that of the report's
folder. All else on the page is somebody's text, and stays.
"""

import os
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hbir.core.errors import DataError
from hbir.core.files import atomic_file
from hbir.core.params import unknown
from hbir.studies.blocks import blocks
from hbir.studies.figures import Figure, Place, draw_all
from hbir.studies.folder import Numbers, read_numbers, write_numbers

INDEX = "index.md"
WIDTH = 98


def publish(numbers: Numbers, folder: Path, pages: Sequence[Path]) -> None:
    """Write a report's numbers into a folder, its figures, and what pages show of it.

    Args:
        numbers: of the report.
        folder: gets the files; those of an older report there are removed.
        pages: whose marked parts are filled.

    Raises:
        DataError: when a page names an unknown block.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_numbers(numbers, folder)
    draw(folder, pages)


def draw(folder: Path, pages: Sequence[Path]) -> None:
    """Draw the figures of a folder from the numbers in it, and fill pages.

    Args:
        folder: that `publish` wrote to.
        pages: whose marked parts are filled.

    Raises:
        DataError: when a file is missing or broken, or a page names an unknown block.
    """
    check_pages(pages, folder.name)
    numbers = read_numbers(folder)
    for old in folder.glob("*.svg"):
        old.unlink()
    figures = draw_all(numbers, folder)
    for page in pages:
        text = filled(page, numbers, figures, folder)
        with atomic_file(page) as temporary:
            temporary.write_text(text, encoding="utf-8")


def filled(page: Path, numbers: Numbers, figures: Mapping[Place, Sequence[Figure]], folder: Path) -> str:
    """Fill the marked parts of a page.

    Args:
        page: it.
        numbers: of the report.
        figures: of its tables.
        folder: of the report.

    Returns:
        The page's new text.
    """
    below = Path(os.path.relpath(folder, page.parent)).as_posix()
    found = blocks(numbers, figures, "" if below == "." else f"{below}/")

    def block(match: re.Match[str]) -> str:
        if match[2] not in found:
            raise unknown(f"{page}: {match[1]}", match[2], found)
        return f"{match[1]}\n\n{wrapped(found[match[2]])}\n\n{match[3]}"

    return _part(folder.name).sub(block, page.read_text(encoding="utf-8"))


def wrapped(text: str) -> str:
    """Break long lines of prose; tables and blocks of code stay as they are.

    Args:
        text: Markdown.

    Returns:
        The same for a reader.
    """
    return "\n\n".join(_wrapped(part) for part in text.split("\n\n"))


def _wrapped(part: str) -> str:
    if part.startswith(("|", "```")):
        return part
    return "\n".join(line for one in part.split("\n") for line in _lines(one))


def _lines(text: str) -> Iterator[str]:
    indent = "  " if text.startswith("- ") else ""
    yield from textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _part(name: str) -> re.Pattern[str]:
    begin, end = rf"(<!-- {re.escape(name)}: ([\w-]+) -->)", rf"(<!-- /{re.escape(name)} -->)"
    return re.compile(rf"{begin}.*?{end}", flags=re.DOTALL)


def check_pages(pages: Sequence[Path], name: str) -> None:
    """Check that pages have a place for a report, before it takes minutes to make.

    Args:
        pages: that are to be filled.
        name: of the report's folder.

    Raises:
        DataError: when one is missing, or has no such place.
    """
    for page in pages:
        if not page.is_file() or not _part(name).search(page.read_text(encoding="utf-8")):
            raise DataError(
                where=str(page),
                expected=f"a page with `<!-- {name}: table -->` and, below it, `<!-- /{name} -->`",
                found="none" if not page.is_file() else "no such part",
                hint="Write these two lines where the table shall be.",
            )
