"""Set Markdown: tables, and paragraphs wrapped as the other pages are."""

import re
import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 100
NO_BREAK = "\x00"
"""Stands for a space at which no line may end."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Set a table.

    Args:
        header: the columns' names.
        rows: cells in Markdown; line breaks become spaces.

    Returns:
        The table with a blank line after it.
    """
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines) + "\n"


def paragraph(text: str) -> str:
    """Wrap a paragraph.

    Args:
        text: Markdown without lists and code blocks.

    Returns:
        It in lines of at most WIDTH characters, with a blank line after it.
    """
    return "\n".join(_wrapped(text, WIDTH)) + "\n\n"


def item(text: str) -> str:
    """Set an item of a list.

    Args:
        text: Markdown of one paragraph.

    Returns:
        It in lines of at most WIDTH characters.
    """
    return "- " + "\n  ".join(_wrapped(text, WIDTH - 2)) + "\n"


def code(value: str) -> str:
    """Set a short text as code.

    Args:
        value: the text.

    Returns:
        It between backticks; nothing for an empty one.
    """
    return f"`{value}`" if value else ""


def plain(docstring: str) -> str:
    """Turn the quotes and crosses of a docstring into Markdown.

    Args:
        docstring: a docstring of one paragraph.

    Returns:
        One line.
    """
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(docstring.split()))


def _wrapped(text: str, width: int) -> list[str]:
    """Wrap a text, but keep code together."""
    flat = re.sub(r"`[^`]+`", lambda span: span[0].replace(" ", NO_BREAK), " ".join(text.split()))
    lines = textwrap.wrap(flat, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace(NO_BREAK, " ") for line in lines]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
