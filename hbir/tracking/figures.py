"""Draw figures for an experiment store."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hbir.core.training_record import LanguageCount

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL, MARGIN = 0.42, 1.6
"""Inches per language, and for labels."""


def composition_figure(sampler: str, composition: Sequence[LanguageCount]) -> "Figure":
    """Draw which languages a plan pairs, and how often.

    Args:
        sampler: its name, for the title.
        composition: the counts of examples.

    Returns:
        A figure of its own, outside pyplot's state: save it with `figure.savefig`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    langs = sorted({lang for cell in composition for lang in (cell.query_lang, cell.passage_lang)})
    shares = composition_shares(langs, composition)  # (n, n)
    size = MARGIN + CELL * len(langs)
    figure = Figure(figsize=(size, size), layout="constrained", dpi=120)
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0)
    axes.set_xticks(range(len(langs)), langs)
    axes.set_yticks(range(len(langs)), langs)
    axes.set(xlabel="passage language", ylabel="query language", title=f"{sampler}: % of the pairs")
    for (row, column), share in np.ndenumerate(shares):
        if share > 0:
            colour = "white" if share > 0.6 * shares.max() else "black"
            axes.text(column, row, f"{share:.1f}", ha="center", va="center", fontsize=7, color=colour)
    return figure


def composition_shares(langs: Sequence[str], composition: Sequence[LanguageCount]) -> np.ndarray:
    """Tabulate a composition.

    Args:
        langs: the languages in order, n in all.
        composition: the counts of examples.

    Returns:
        (n, n) float64, per cent of the pairs by query language and passage language.
    """
    counts = np.zeros((len(langs), len(langs)))  # (n, n)
    for cell in composition:
        counts[langs.index(cell.query_lang), langs.index(cell.passage_lang)] += cell.count
    counts *= 100 / counts.sum()
    return counts
