"""Show an estimate as a table."""

from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hbir.studies.amounts import Amount, Stage, total

_COLUMNS = ("stage", "rows", "steps", "tokens", "disk", "memory", "hours")


def show(stages: Sequence[Stage], notes: Sequence[str], console: Console) -> None:
    """Print what every stage takes, and what all of them do.

    Args:
        stages: in their order.
        notes: what was measured and what is assumed; a line each.
        console: where to.
    """
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, show_footer=True)
    for column, foot in zip(_COLUMNS, _total(stages), strict=True):
        right = "left" if column == "stage" else "right"
        table.add_column(column, foot, justify=right, no_wrap=True)  # type: ignore[arg-type]
    for stage in stages:
        table.add_row(*_cells(stage))
    console.print(table)
    console.print("\n".join(notes), markup=False, highlight=False, soft_wrap=True)


def _cells(stage: Stage) -> list[str]:
    return [
        stage.name,
        stage.rows.shown(_count),
        stage.steps.shown(_count) if stage.steps else "",
        stage.tokens.shown(_short) if stage.tokens else "",
        stage.disk.shown(_bytes),
        stage.memory.shown(_bytes),
        stage.seconds.shown(_hours),
    ]


def _total(stages: Sequence[Stage]) -> list[str]:
    known = [stage.memory for stage in stages if stage.memory.value is not None]
    most = max(known, key=lambda amount: amount.value or 0, default=Amount(None))
    return [
        "total",
        "",
        _sum([stage.steps for stage in stages if stage.steps], _count),
        _sum([stage.tokens for stage in stages if stage.tokens], _short),
        _sum([stage.disk for stage in stages], _bytes),
        most.shown(_bytes) if len(known) == len(stages) else _at_least([most], _bytes),
        _sum([stage.seconds for stage in stages], _hours),
    ]


def _sum(amounts: Sequence[Amount], write: Callable[[float], str]) -> str:
    known = [amount for amount in amounts if amount.value is not None]
    return total(known).shown(write) if len(known) == len(amounts) else _at_least(known, write)


def _at_least(known: Sequence[Amount], write: Callable[[float], str]) -> str:
    """Write what is known of a sum of which a part is unknown."""
    found = total(known).value
    return "unknown" if not known or found is None else f"> {write(found)}"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _short(value: float) -> str:
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f}"


def _bytes(value: float) -> str:
    return f"{_short(value)}B" if value >= 1e3 else f"{value:.0f} B"


def _hours(value: float) -> str:
    return f"{value / 3600:,.1f}" if value >= 360 else f"{value / 3600:.3f}"
