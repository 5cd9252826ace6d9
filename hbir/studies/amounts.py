"""Count what is known exactly, about, or not at all; what is unknown stays unknown in every sum and product."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Amount:
    """Hold a number, and how well it is known."""

    value: float | None
    """None where nobody knows."""
    is_exact: bool = False

    def __add__(self, other: "Amount") -> "Amount":
        """Add two amounts."""
        if self.value is None or other.value is None:
            return UNKNOWN
        return Amount(self.value + other.value, self.is_exact and other.is_exact)

    def __mul__(self, factor: "float | Amount") -> "Amount":
        """Multiply by a number that is exact, or by an amount."""
        by = factor if isinstance(factor, Amount) else exactly(factor)
        if self.value is None or by.value is None:
            return UNKNOWN
        return Amount(self.value * by.value, self.is_exact and by.is_exact)

    def shown(self, write: Callable[[float], str]) -> str:
        """Write the amount for people.

        Args:
            write: writes a number.

        Returns:
            Such as `12`, `~12` or `unknown`.
        """
        if self.value is None:
            return "unknown"
        return write(self.value) if self.is_exact else f"~{write(self.value)}"


UNKNOWN = Amount(None)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Say what a stage takes; None where that means nothing for it."""

    name: str
    rows: Amount
    steps: Amount | None = None
    tokens: Amount | None = None
    disk: Amount = UNKNOWN
    """Bytes that stay."""
    memory: Amount = UNKNOWN
    """Bytes of the process at its largest."""
    seconds: Amount = UNKNOWN


def exactly(value: float) -> Amount:
    """Know a number.

    Args:
        value: the number.

    Returns:
        It.
    """
    return Amount(value, is_exact=True)


def about(value: float) -> Amount:
    """Know a number about.

    Args:
        value: the number.

    Returns:
        It.
    """
    return Amount(value)


def total(amounts: Iterable[Amount]) -> Amount:
    """Add amounts.

    Args:
        amounts: any number of them.

    Returns:
        The sum; unknown where one of them is.
    """
    found = exactly(0)
    for amount in amounts:
        found = found + amount
    return found


def least(one: Amount, other: Amount) -> Amount:
    """Take the smaller one of two amounts.

    Args:
        one: an amount.
        other: another.

    Returns:
        It; unknown where one of them is.
    """
    if one.value is None or other.value is None:
        return UNKNOWN
    return one if one.value <= other.value else other
