"""Write lists and times in words."""

from collections.abc import Sequence


def duration(seconds: float) -> str:
    """Write a time.

    Args:
        seconds: of it.

    Returns:
        Such as `45 s`, `3 min 20 s` or `2 h 10 min`.
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def listed(names: Sequence[str], most: int | None = None) -> str:
    """Write names as a sentence lists them.

    Args:
        names: any number.
        most: so many are named; the others are counted.

    Returns:
        Such as `a, b and c`, or `a, b and 3 more`.
    """
    shown = list(names)
    if most is not None and len(shown) > most:
        shown = [*shown[:most], f"{len(shown) - most} more"]
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))
