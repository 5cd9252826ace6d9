"""Run the whole pipeline on made-up corpora of the paper's shape, and measure how its costs grow."""

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import fill
from typing import Any

import click

from perf.machine import ROOT, Origin, origin
from perf.measured import Cost, FailedError
from perf.page import put_between
from perf.scale_fit import Runs, growth, is_within, largest_folder, names
from perf.scale_page import described
from perf.scale_run import run_all

RESULTS, PAGE = ROOT / "perf" / "scale.json", ROOT / "docs" / "performance.md"
MARKS = "<!-- scale -->", "<!-- /scale -->"
DEFAULT = (20_000, 40_000, 80_000)
SECONDS, SECONDS_EACH, BYTES_EACH = 100.0, 3e-3, 6e3
"""CPU of a run at all, CPU and disk of a pair, until something was measured."""
Entry = dict[str, Any]
"""One size in `perf/scale.json`."""


def read_runs(entries: Sequence[Entry]) -> Runs:
    """Read what was measured.

    Args:
        entries: of `perf/scale.json`.

    Returns:
        The costs by size and stage.
    """
    return {entry["pairs"]: {name: Cost(**cost) for name, cost in entry["stages"].items()} for entry in entries}


def merged(entries: Sequence[Entry], pairs: int, costs: dict[str, Cost], here: Origin) -> list[Entry]:
    """Put a size among those that were measured before.

    Args:
        entries: of `perf/scale.json`.
        pairs: of the size.
        costs: by stage.
        here: where it was measured.

    Returns:
        The entries by size.
    """
    new = {"pairs": pairs, "stages": {name: asdict(cost) for name, cost in costs.items()}} | here.as_dict()
    return sorted([new, *(entry for entry in entries if entry["pairs"] != pairs)], key=lambda one: one["pairs"])


def expected(runs: Runs, pairs: int) -> tuple[float, float]:
    """Tell roughly what a size will take.

    Args:
        runs: what was measured before; of less than two sizes nothing follows.
        pairs: of the size.

    Returns:
        Seconds of CPU, and bytes on the disk.
    """
    if len(runs) < 2:
        return SECONDS + pairs * SECONDS_EACH, pairs * BYTES_EACH
    seconds = sum(growth(runs, name, "cpu").at(pairs) for name in names(runs))
    return seconds, 1e6 * largest_folder(runs).at(pairs)


def page_text(entries: Sequence[Entry]) -> str:
    """Write what goes into the page.

    Args:
        entries: of the sizes that were measured.

    Returns:
        Markdown.
    """
    if not entries:
        return "Not measured yet."
    places = dict.fromkeys(f"on {e['date']} at commit {e['commit']}: {e['machine']}" for e in entries)
    measured = fill(f"Measured {'; '.join(places)}.", 100)
    return f"{measured}\n\n{described(read_runs(entries))}"


def announce(sizes: Sequence[int], runs: Runs, folder: Path) -> None:
    """Say what will be done, and refuse what the disk cannot hold.

    Args:
        sizes: pairs.
        runs: what was measured before.
        folder: of the projects.
    """
    costs = [expected(runs, pairs) for pairs in sizes]
    seconds, most = sum(cost[0] for cost in costs), sum(cost[1] for cost in costs)
    click.echo(
        f"Made-up corpora of {', '.join(f'{pairs:,}' for pairs in sizes)} pairs in 10 sources and 9 languages. "
        "On each: collect, translate into every language, build-batches, encoder, train (20 steps), score.\n"
        f"About {seconds / 60:,.0f} minutes of CPU, most of it on one core; {most / 1e9:,.1f} GB in {folder}."
    )
    free = shutil.disk_usage(folder).free
    if most > free:
        raise click.ClickException(f"{folder}: {free / 1e9:,.1f} GB are free. Name another --folder.")


@click.command()
@click.option("--pairs", default=",".join(map(str, DEFAULT)), help="Sizes, by commas.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Keeps the projects; stages that are finished there are not repeated. A temporary one if none.",
)
def main(pairs: str, folder: Path | None) -> None:
    """Run the pipeline at each size; each goes into perf/scale.json and docs/performance.md when it is done."""
    try:
        sizes = sorted({int(size) for size in pairs.split(",")})
    except ValueError as error:
        raise click.UsageError(f"--pairs: expected numbers such as 20000,40000, found {pairs!r}.") from error
    place = folder or Path(tempfile.mkdtemp(prefix="hbir-scale-"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        announce(sizes, read_runs(_entries()), place)
        for size in sizes:
            _measure(place.resolve() / str(size), size)
    except FailedError as error:
        raise click.ClickException(str(error)) from error
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)
    click.echo(f"Wrote {RESULTS} and the table of {PAGE}")


def _measure(folder: Path, pairs: int) -> None:
    costs = run_all(folder, pairs, click.echo)
    entries = merged(_entries(), pairs, costs, origin())
    RESULTS.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(
        put_between(PAGE.read_text(encoding="utf-8"), MARKS, page_text(entries), str(PAGE)), encoding="utf-8"
    )
    click.echo(f"{pairs:,} pairs: no process above 6 GB: {'yes' if is_within(list(costs.values())) else 'no'}")


def _entries() -> list[Entry]:
    entries: list[Entry] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []
    return entries


if __name__ == "__main__":
    main()
