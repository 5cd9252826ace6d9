"""How a study's figures look: colours, sizes, and the file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hbir.core.rows import find_row

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#c4639b", "#d98c00", "#4d4d4d", "#56a0d3")
"""Can be told apart by readers with any colour vision (after Okabe & Ito), and differ in their markers too."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
"""Of lines that stand for nothing but themselves."""
WIDTH = 5.8
"""Inches: 420 points, so that letters of 9 points have 9 pixels where a page shows the figure 420 wide."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Hold a file of a drawing."""

    path: Path
    alt: str
    """What it shows, for whoever cannot see it."""


@contextmanager
def sheet(height: float) -> Iterator[Any]:
    """Open an empty figure.

    Args:
        height: in inches.

    Yields:
        A matplotlib `Figure`, which `saved` must write before the end: the style holds within.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.hashsalt": "hbir", "svg.fonttype": "none", "font.size": 9}):
        yield Figure(figsize=(WIDTH, height), layout="constrained")


def saved(figure: Any, path: Path, title: str, alt: str) -> Drawing:
    """Write a figure as SVG.

    Args:
        figure: a matplotlib `Figure`.
        path: of the file.
        title: what it is of.
        alt: what it shows.

    Returns:
        The drawing. The same figure gives the same bytes.
    """
    figure.savefig(path, format="svg", metadata={"Date": None, "Title": title, "Description": alt})
    return Drawing(path=path, alt=alt)


def colour_of(name: str, number: int) -> str:
    """Choose the colour of a row.

    Args:
        name: of a sampler or another row that the project knows; others get one by their number.
        number: of the row.

    Returns:
        As #rrggbb; the same in every figure and in MLflow for what is known.
    """
    row = find_row(name)
    return row.colour if row else COLOURS[number % len(COLOURS)]


def plain(panel: Any) -> None:
    """Take what says nothing off a panel.

    Args:
        panel: matplotlib `Axes`.
    """
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(color="#dddddd", linewidth=0.5)
    panel.set_axisbelow(True)


def legend(figure: Any, panel: Any, columns: int = 4) -> None:
    """Name the lines of a figure below it.

    Args:
        figure: matplotlib `Figure`.
        panel: whose lines stand for those of all.
        columns: names beside each other.
    """
    handles, labels = panel.get_legend_handles_labels()
    if len(labels) > 1:
        figure.legend(
            handles, labels, loc="outside lower center", ncols=min(columns, len(labels)), frameon=False
        )


def over(seeds: int) -> str:
    """Say over how many seeds means are.

    Args:
        seeds: how many.

    Returns:
        A phrase.
    """
    return f"means over {seeds} seeds" if seeds > 1 else "one seed"


def named(benchmark: str, title: str) -> str:
    """Name what a figure is of.

    Args:
        benchmark: its name.
        title: of the table; empty where there is one.

    Returns:
        A phrase.
    """
    return f"{benchmark}, {title}" if title else benchmark


def slug(parts: Sequence[str]) -> str:
    """Make a file's name.

    Args:
        parts: of it; empty ones are left out.

    Returns:
        Letters, digits and `-`, `_`, `.`.
    """
    text = "-".join(filter(None, parts))
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in text).strip("-")
