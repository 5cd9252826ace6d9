"""Arrange heat maps over ordered pairs of languages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

Pairs = Mapping[tuple[str, str], float]
"""(query language, passage language) → number."""


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
    """Hold rows of query languages and columns of passage languages."""

    title: str
    summary: str
    langs: tuple[str, ...]
    rows: tuple[tuple[HeatCell, ...], ...]


MISSING = HeatCell(text="", strength=0.0, kind="none")


def score_map(title: str, langs: Sequence[str], scores: Pairs) -> HeatMap:
    """Draw scores from 0 to 1, on the same scale for every sampler.

    Args:
        title: whose scores.
        langs: the languages in order.
        scores: a score per pair; pairs may be missing.

    Returns:
        The heat map.
    """
    means = (("monolingual", _mean(scores, same=True)), ("cross-lingual", _mean(scores, same=False)))
    summary = ", ".join(f"{name} mean {mean:.3f}" for name, mean in means if mean is not None)
    return _map(title, summary, langs, scores, lambda value: (_short(value), min(value, 1.0)))


def difference_map(title: str, langs: Sequence[str], one: Pairs, other: Pairs, largest: float) -> HeatMap:
    """Draw by how much one sampler is above another.

    Args:
        title: which of them.
        langs: the languages in order.
        one: its scores.
        other: the scores to subtract.
        largest: the absolute difference that gets the full colour.

    Returns:
        The heat map.
    """
    changes = differences(one, other)
    above = sum(value > 0 for value in changes.values())
    summary = f"higher in {above} of {len(changes)} pairs of languages"
    return _map(title, summary, langs, changes, lambda v: (_signed(v), abs(v) / largest if largest else 0.0))


def differences(one: Pairs, other: Pairs) -> dict[tuple[str, str], float]:
    """Subtract the scores of the pairs that both have.

    Args:
        one: scores.
        other: the scores to subtract.

    Returns:
        A difference per pair.
    """
    return {pair: one[pair] - other[pair] for pair in one if pair in other}


def composition_map(title: str, composition: Sequence[Mapping[str, Any]]) -> HeatMap:
    """Draw the share of each ordered language pair in a plan, in per cent, on a scale of its own.

    Args:
        title: whose plan.
        composition: per ordered language pair `query_lang`, `passage_lang` and `count`.

    Returns:
        The heat map.
    """
    langs = sorted({cell[side] for cell in composition for side in ("query_lang", "passage_lang")})
    total = sum(cell["count"] for cell in composition)
    shares = dict.fromkeys(product(langs, repeat=2), 0.0)
    shares |= {(cell["query_lang"], cell["passage_lang"]): 100 * cell["count"] / total for cell in composition}
    same = sum(share for (query, passage), share in shares.items() if query == passage)
    summary = f"{total:,} pairs, {same:.1f} % of them in one language"
    most = max(shares.values())
    return _map(title, summary, langs, shares, lambda share: (f"{share:.1f}" if share else "", share / most))


def _map(
    title: str, summary: str, langs: Sequence[str], values: Pairs, drawn: Callable[[float], tuple[str, float]]
) -> HeatMap:
    def cell(pair: tuple[str, str]) -> HeatCell:
        if pair not in values:
            return MISSING
        text, strength = drawn(values[pair])
        return HeatCell(text=text, strength=round(strength, 3), kind="less" if values[pair] < 0 else "more")

    rows = tuple(tuple(cell((query, passage)) for passage in langs) for query in langs)
    return HeatMap(title=title, summary=summary, langs=tuple(langs), rows=rows)


def _mean(scores: Pairs, same: bool) -> float | None:
    chosen = [score for (query, passage), score in scores.items() if (query == passage) is same]
    return sum(chosen) / len(chosen) if chosen else None


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")


def _signed(value: float) -> str:
    text = f"{value:+.2f}".replace("0.", ".", 1).replace("-", "−")
    return ".00" if text in ("+.00", "−.00") else text
