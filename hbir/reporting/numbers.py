"""Write differences, intervals, p values and effect sizes, short enough to stand beside scores."""

import re

from hbir.evaluation.intervals import Interval
from hbir.reporting.columns import Column


def short(column: Column, value: float) -> str:
    """Write a number that stands beside others.

    Args:
        column: what it is of.
        value: a score, a bound or a difference.

    Returns:
        3 decimals without the zero before them, or none for numbers of ranks.
    """
    digits = 0 if column.in_ranks else 3
    text = f"{round(value, digits) + 0.0:,.{digits}f}"  # + 0.0, for a zero has no sign
    return re.sub(r"^(-?)0\.", r"\1.", text).replace("-", "−")


def change(column: Column, value: float) -> str:
    """Write a difference with its sign.

    Args:
        column: what it is of.
        value: the difference.

    Returns:
        Such as `+.012`.
    """
    text = short(column, value)
    return text if text.startswith("−") else f"+{text}"


def bounds(column: Column, interval: Interval | None) -> str:
    """Write an interval.

    Args:
        column: what it is of.
        interval: the bounds, None where there are none.

    Returns:
        Such as ` [.010, .014]`, with a space before it; empty where there are none.
    """
    return f" [{short(column, interval.low)}, {short(column, interval.high)}]" if interval else ""


def p_text(p: float | None) -> str:
    """Write a p value.

    Args:
        p: it, None where there is no test.

    Returns:
        Such as `p .012`; empty where there is none.
    """
    if p is None:
        return ""
    return "p < .001" if p < 0.0005 else f"p {_decimals(p, 3)}"


def effect_text(effect: float | None) -> str:
    """Write an effect size.

    Args:
        effect: it, None where it is not defined.

    Returns:
        Such as `d −.48`; empty where there is none.
    """
    return "" if effect is None else f"d {_decimals(effect, 2)}"


def _decimals(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}".replace("-", "−")
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def whole(value: float) -> str:
    """Write a number of ranks.

    Args:
        value: it.

    Returns:
        Such as `1,214`.
    """
    return f"{value:,.0f}"
