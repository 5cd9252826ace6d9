"""Run every comparison of speed and memory, side by side, and write down what came out."""

import importlib
import pkgutil
import time
from collections.abc import Sequence
from pathlib import Path

import click

import perf
from perf.compare import Comparison, measure
from perf.machine import ROOT, Origin, origin
from perf.results import Entry, measured, merged, put_table, read, skipped, write

RESULTS, PAGE = ROOT / "perf" / "results.json", ROOT / "docs" / "performance.md"


def all_comparisons() -> list[Comparison]:
    """Collect what every module `perf/bench_*.py` compares.

    Returns:
        The comparisons, module by module in the order of their names.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(perf.__path__))
    modules = [importlib.import_module(f"perf.{name}") for name in names if name.startswith("bench_")]
    return [comparison for module in modules for comparison in module.comparisons()]


def run(comparisons: Sequence[Comparison], only: Sequence[str], results: Path, page: Path) -> None:
    """Measure some comparisons; each is written as soon as it is measured.

    Args:
        comparisons: all there are.
        only: parts of the names of those to run; none for all.
        results: the file of all figures.
        page: the page with the table.

    Raises:
        click.UsageError: when no comparison has such a name.
    """
    chosen = [each for each in comparisons if not only or any(part in each.name for part in only)]
    if not chosen:
        raise click.UsageError(f"No comparison has {' or '.join(only)} in its name; --list shows them.")
    here, names = origin(), [comparison.name for comparison in comparisons]
    click.echo(f"{here.machine}; commit {here.commit}")
    for number, comparison in enumerate(chosen):
        left = sum(_expected(each, read(results)) for each in chosen[number:])
        click.echo(f"{number + 1}/{len(chosen)}, about {_time(left)} left: {comparison.name}", nl=False)
        entries = merged(read(results), _measured_or_skipped(comparison, here), names)
        write(results, entries)
        page.write_text(put_table(page.read_text(encoding="utf-8"), entries, str(page)), encoding="utf-8")
    click.echo(f"Wrote {results} and the table of {page}")


def _measured_or_skipped(comparison: Comparison, here: Origin) -> Entry:
    if comparison.skip:
        click.echo(f": not measured: {comparison.skip}")
        return skipped(comparison, here)
    start = time.perf_counter()
    rounds = measure(comparison)
    took = time.perf_counter() - start
    entry = measured(rounds, here, took)
    ratio, unit = entry["ratio"], comparison.unit
    reached = {True: ", reached", False: ", NOT reached", None: ""}[entry["reached"]]
    click.echo(
        f": {entry['ours']:.4g} {unit}, {comparison.peer} {entry['peer']:.4g} {unit}; ratio "
        f"{ratio['median']:.3g} ({ratio['min']:.3g} to {ratio['max']:.3g}), "
        f"goal {entry['goal'] or 'none'}{reached}; {_time(took)}"
    )
    return entry


def _expected(comparison: Comparison, entries: Sequence[Entry]) -> float:
    """Return the seconds that a comparison took last time, or is said to take."""
    if comparison.skip:
        return 0.0
    last = [entry["seconds"] for entry in entries if entry["name"] == comparison.name and "seconds" in entry]
    return float(last[0]) if last else comparison.expected_s


def _time(amount: float) -> str:
    return f"{amount:.0f} s" if amount < 100 else f"{amount / 60:.0f} min"


@click.command()
@click.option("--only", multiple=True, help="Run those with this in their name; can be given again.")
@click.option("--list", "listed", is_flag=True, help="Show the names and run nothing.")
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, help="File of all figures.")
@click.option("--page", type=click.Path(path_type=Path), default=PAGE, help="Page with the table.")
def main(only: tuple[str, ...], listed: bool, results: Path, page: Path) -> None:
    """Run every comparison, or some.

    HBIR_DATA names a folder with benchmarks and documents, HBIR_ENCODER one with a pretrained encoder. Without
    them, made-up texts and random weights of the same shape take their place.
    """
    comparisons = all_comparisons()
    if listed:
        for comparison in comparisons:
            click.echo(f"{comparison.name} (against {comparison.peer}; {comparison.skip or comparison.goal})")
        return
    run(comparisons, only, results, page)


if __name__ == "__main__":
    main()
