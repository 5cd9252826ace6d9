"""Write what a pipeline on a corpus of the paper's shape took, for docs/performance.md."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from textwrap import fill

from hbir.core.tables import GROUP_ROWS, PIECE
from perf.measured import Cost
from perf.scale_corpus import different
from perf.scale_fit import (
    LIMIT_GB,
    TARGET,
    Growth,
    Runs,
    altogether,
    growth,
    is_within,
    largest_folder,
    names,
)

HEADER = (
    "| stage | CPU | µs a pair | exponent | wall | largest process | bytes a pair | exponent | written |",
    "|---" * 9 + "|",
)


def described(runs: Runs) -> str:
    """Make the tables.

    Args:
        runs: at least one size.

    Returns:
        Markdown: what was measured, and from it what TARGET pairs take, where that was not measured.
    """
    rows = [*HEADER, *(_row(name, partial(growth, runs, name)) for name in names(runs))]
    rows.append(_row("all stages", partial(altogether, runs)))
    lines = ["\n".join(rows), _note(runs)]
    if len(runs) > 2:
        lines += ["\n".join(_steps(runs)), "\n".join(_peaks(runs))]
    if len(runs) > 1 and max(runs) < TARGET:  # one size does not tell what a pair adds
        lines += _onward(runs)
    return "\n\n".join(lines)


def _row(name: str, cost: Callable[[str], Growth]) -> str:
    cpu, wall, memory, written = map(cost, ("cpu", "wall", "memory", "written"))
    return (
        f"| {name} | {_span(cpu)} s | {1e6 * cpu.each:,.0f} | {_exponent(cpu)} | {_span(wall)} s "
        f"| {_span(memory)} MB | {1e6 * memory.each:,.0f} | {_exponent(memory)} | {_span(written)} MB |"
    )


def _steps(runs: Runs) -> list[str]:
    """Tabulate what a further pair costs from size to size, and how little a piece repeats there."""
    sizes = sorted(runs)
    ends = " | ".join(f"{small:,} to {large:,}" for small, large in pairwise(sizes))
    rows = [f"| µs of CPU for a further pair | {ends} |", "|---" * len(sizes) + "|"]
    costs = {name: growth(runs, name, "cpu") for name in names(runs)} | {"all stages": altogether(runs, "cpu")}
    for name, cost in costs.items():
        rows.append(f"| {name} | {' | '.join(f'{round(1e6 * step):,}' for step in cost.steps)} |")
    for length in (PIECE, GROUP_ROWS):
        shares = " | ".join(f"{different(size, length):.0%}" for size in sizes[1:])
        rows.append(f"| different queries in {length:,} rows | {shares} |")
    return rows


def _peaks(runs: Runs) -> list[str]:
    """Tabulate the largest process of each stage, by size."""
    sizes = sorted(runs)
    rows = [f"| MB of the largest process | {' | '.join(f'{size:,}' for size in sizes)} |"]
    rows.append("|---" * (1 + len(sizes)) + "|")
    for name in names(runs):
        costs = growth(runs, name, "memory").costs
        rows.append(f"| {name} | {' | '.join(f'{cost:,.0f}' for cost in costs)} |")
    return rows


def _span(costs: Growth) -> str:
    ends = [costs.costs[0]] if len(costs.costs) == 1 else [costs.costs[0], costs.costs[-1]]
    return " to ".join(f"{end:,.0f}" if end >= 10 else f"{end:.1f}" for end in ends)


def _exponent(costs: Growth) -> str:
    return "–" if costs.exponent is None else f"{costs.exponent:.2f}"


def _note(runs: Runs) -> str:
    every = [cost for stages in runs.values() for cost in stages.values()]
    largest = max(cost.memory for cost in every)
    sizes = ", ".join(f"{size:,}" for size in sorted(runs))
    folders = largest_folder(runs)
    text = (
        f"Pairs: {sizes}. No process above {LIMIT_GB} GB: {'yes' if is_within(every) else '**no**'}, the "
        f"largest had {largest:,.0f} MB. The project's folder had {_span(folders)} MB at the most, the sources "
        "among them. An exponent is of what is beyond the smallest size; – where that is less than a tenth "
        "more. The memory counts pages of mapped files."
    )
    return fill(text, 100)


def _onward(runs: Runs) -> list[str]:
    """Estimate TARGET pairs, each stage in a straight line."""
    rows = ["| stage | CPU minutes | largest process |", "|---|---|---|"]
    reached = {}
    for name in names(runs):
        cpu, memory = (growth(runs, name, kind).at(TARGET) for kind in ("cpu", "memory"))
        reached[name] = Cost(wall=0, cpu=cpu, memory=memory, written=0, folder=0)
        rows.append(f"| {name} | {cpu / 60:,.0f} | {memory / 1e3:.1f} GB |")
    minutes = sum(cost.cpu for cost in reached.values()) / 60
    fits = "yes" if is_within(list(reached.values())) else "**no**"
    text = (
        f"**{TARGET:,} pairs**, if every stage goes on in a straight line from the smallest to the largest of "
        f"these sizes: {minutes:,.0f} minutes of CPU, {largest_folder(runs).at(TARGET) / 1e3:.1f} GB on the "
        f"disk; no process above {LIMIT_GB} GB: {fits}. Not measured:"
    )
    return [fill(text, 100), "\n".join(rows)]
