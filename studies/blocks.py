"""Cut Markdown into blocks: headings, list items, lines of quotations and of tables, paragraphs, code."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEADING, _ITEM = re.compile(r"#{1,6}\s+"), re.compile(r"(?:[-*+]|\d+[.)])\s+")
_FENCE = re.compile(r"```|~~~")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_IMAGE, _LINK = re.compile(r"!\[[^\]]*\]\([^)]*\)"), re.compile(r"\[([^\]]*)\]\([^)]*\)")
_TAG, _MARKS = re.compile(r"<[^>]+>"), re.compile(r"[`*_]")


class Block(NamedTuple):
    """Hold one block of a document."""

    kind: str
    """heading, item, quote, row, code or text."""
    raw: str
    """As it stands in the file, without the mark of its kind."""

    @property
    def text(self) -> str:
        """Return the words alone: no images, tags or marks, links by their names."""
        named = _LINK.sub(r"\1", _IMAGE.sub("", self.raw))
        return " ".join(_MARKS.sub("", _TAG.sub(" ", named)).split())


def cut(markdown: str) -> list[Block]:
    """Cut a document into blocks, line by line.

    Machine translation moves indents and numbers of lists, so neither counts. A line of a list, a quotation or
    a table is a block of its own; the lines of a paragraph are one.

    Args:
        markdown: the file; comments are no part of it.

    Returns:
        Its blocks.
    """
    found: list[Block] = []
    lines = iter(_COMMENT.sub("", markdown).splitlines())
    open_ = False
    for line in lines:
        text = line.strip()
        kind, rest = _kind(text)
        if kind == "code":
            found.append(Block("code", "\n".join(_until_fence(lines))))
        elif kind == "text" and text and open_:
            found[-1] = found[-1]._replace(raw=f"{found[-1].raw} {text}")
            continue
        elif text:
            found.append(Block(kind, rest))
        open_ = bool(text) and kind == "text"
    return found


def _kind(text: str) -> tuple[str, str]:
    """Tell what a line is by how it begins, and return it without that."""
    if _FENCE.match(text):
        return "code", text
    for kind, mark in (("heading", _HEADING), ("item", _ITEM)):
        if match := mark.match(text):
            return kind, text[match.end() :]
    if text.startswith(">"):
        return "quote", text[1:]
    return ("row" if text.startswith("|") else "text"), text


def _until_fence(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if _FENCE.match(line.strip()):
            return
        yield line
