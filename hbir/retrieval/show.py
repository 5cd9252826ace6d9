"""Show what a search found on a terminal."""

import unicodedata
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from hbir.retrieval.search import Hit

LINES = 3
"""Most lines shown of a passage."""
_INDENT = 4 * " "
_ISOLATE, _END = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


def show_hits(hits: Sequence[Hit], console: Console) -> None:
    """Print ranks, scores, languages, titles and the beginnings of texts, each with a blank line after it.

    Args:
        hits: the best first.
        console: where to.
    """
    for hit in hits:
        console.print(_heading(hit, console.width), highlight=False)
        console.print(_body(hit, console), highlight=False)


def _heading(hit: Hit, width: int) -> Text:
    """Keep names from right to left within their places, and a long id on a line of its own."""
    heading = Text.assemble(
        (f"{hit.rank:>2}", "bold"), f"  {hit.score:.4f}  ", (f"{hit.language or '–':<4}", "cyan"), "  "
    )
    name = Text(_clean(hit.id), "dim")
    if hit.title:
        heading.append(_isolated(Text(_clean(hit.title), "bold"), width - heading.cell_len))
        heading.append("  " if heading.cell_len + 2 + name.cell_len <= width else f"\n{_INDENT}")
        return heading.append(_isolated(name, width - len(_INDENT)))
    return heading.append(_isolated(name, width - heading.cell_len))


def _isolated(text: Text, width: int) -> Text:
    text.truncate(width, overflow="ellipsis")
    return Text(_ISOLATE).append(text).append(_END)


def _body(hit: Hit, console: Console) -> Text:
    width = console.width - len(_INDENT)
    lines = Text(_clean(hit.text)).wrap(console, width, overflow="fold")
    if len(lines) > LINES:
        lines[LINES - 1].truncate(width - 1)
        lines[LINES - 1].append("…")
    return Text("").join([*(Text(_INDENT).append(line).append("\n") for line in lines[:LINES])])


def _clean(text: str) -> str:
    """Put a text on one line, without the control characters that could move the cursor."""
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())
