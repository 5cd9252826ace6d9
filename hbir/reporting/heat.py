"""Arrange heat maps, most of them over ordered pairs of languages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from hbir.core.training_record import LanguageCount

Pairs = Mapping[tuple[str, str], float]
"""(row, column) → number; where both are languages, the row is the query's and the column the passage's."""
Names = tuple[Sequence[str], Sequence[str]]
"""The rows and the columns in order."""


@dataclass(frozen=True, kw_only=True)
class HeatCell:
    """Hold one cell as it is drawn."""

    text: str
    strength: float
    """From 0, the colour of the paper, to 1."""
    kind: str
    """Which colour: "more", or "less" for a negative number, or "none" for a missing one."""


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """Hold a cell per row and column, such as query language and passage language."""

    title: str
    summary: str
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]
    rows: tuple[tuple[HeatCell, ...], ...]


MISSING = HeatCell(text="", strength=0.0, kind="none")


def score_map(title: str, summary: str, names: Names, scores: Pairs) -> HeatMap:
    """Draw scores from 0 to 1, on the same scale for every sampler.

    Args:
        title: whose scores.
        summary: what to say beside the title.
        names: the rows and the columns.
        scores: a score per cell; cells may be missing.

    Returns:
        The heat map.
    """
    return _map(title, summary, names, scores, lambda value: (_short(value), min(max(value, 0.0), 1.0)))


def difference_map(title: str, summary: str, names: Names, changes: Pairs, largest: float) -> HeatMap:
    """Draw by how much one sampler is above another.

    Args:
        title: which of them.
        summary: what to say beside the title.
        names: the rows and the columns.
        changes: a difference per cell.
        largest: the absolute difference that gets the full colour.

    Returns:
        The heat map.
    """
    return _map(title, summary, names, changes, lambda v: (_signed(v), abs(v) / largest if largest else 0.0))


def means_summary(scores: Pairs) -> str:
    """Say the means of the two settings that a map of language pairs holds.

    Args:
        scores: a score per pair of languages.

    Returns:
        The mean of the diagonal and of the rest, as far as there are any.
    """
    means = (("monolingual", _mean(scores, same=True)), ("cross-lingual", _mean(scores, same=False)))
    return ", ".join(f"{name} mean {mean:.3f}" for name, mean in means if mean is not None)


def changes_summary(changes: Pairs) -> str:
    """Say how many differences are above 0.

    Args:
        changes: a difference per pair of languages.

    Returns:
        A phrase.
    """
    above = sum(value > 0 for value in changes.values())
    return f"higher in {above} of {len(changes)} pairs of languages"


def differences(one: Pairs, other: Pairs) -> dict[tuple[str, str], float]:
    """Subtract the scores of the pairs that both have.

    Args:
        one: scores.
        other: the scores to subtract.

    Returns:
        A difference per pair.
    """
    return {pair: one[pair] - other[pair] for pair in one if pair in other}


def composition_map(title: str, composition: Sequence[LanguageCount]) -> HeatMap:
    """Draw the share of each ordered language pair in a plan, in per cent, on a scale of its own.

    Args:
        title: whose plan.
        composition: the counts of examples.

    Returns:
        The heat map.
    """
    langs = sorted({lang for cell in composition for lang in (cell.query_lang, cell.passage_lang)})
    total = sum(cell.count for cell in composition)
    shares = dict.fromkeys(product(langs, langs), 0.0)
    shares |= {(cell.query_lang, cell.passage_lang): 100 * cell.count / total for cell in composition}
    same = sum(share for (query, passage), share in shares.items() if query == passage)
    summary = f"{total:,} pairs, {same:.1f} % of them in one language"
    most = max(shares.values())
    names = langs, langs
    return _map(title, summary, names, shares, lambda share: (f"{share:.1f}" if share else "", share / most))


def _map(
    title: str, summary: str, names: Names, values: Pairs, drawn: Callable[[float], tuple[str, float]]
) -> HeatMap:
    def cell(pair: tuple[str, str]) -> HeatCell:
        if pair not in values:
            return MISSING
        text, strength = drawn(values[pair])
        return HeatCell(text=text, strength=round(strength, 3), kind="less" if values[pair] < 0 else "more")

    row_names, column_names = map(tuple, names)
    rows = tuple(tuple(cell((row, column)) for column in column_names) for row in row_names)
    return HeatMap(title=title, summary=summary, row_names=row_names, column_names=column_names, rows=rows)


def _mean(scores: Pairs, same: bool) -> float | None:
    chosen = [score for (query, passage), score in scores.items() if (query == passage) is same]
    return sum(chosen) / len(chosen) if chosen else None


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def _signed(value: float) -> str:
    text = f"{value:+.2f}".replace("0.", ".", 1).replace("-", "−")
    return ".00" if text in ("+.00", "−.00") else text
