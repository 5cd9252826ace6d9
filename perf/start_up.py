"""Measure how long every command takes until it says what it does."""

import subprocess
import sys
import time
from statistics import median

import click

from hbir.cli import hbir
from perf.machine import ROOT, origin

_TIMES = 3


def seconds(command: str) -> float:
    """Ask a command for its help, a few times.

    Args:
        command: of hbir.

    Returns:
        The median, in seconds.
    """
    taken = []
    for _ in range(_TIMES):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "hbir", command, "--help"], cwd=ROOT, capture_output=True, check=True
        )
        taken.append(time.perf_counter() - start)
    return median(taken)


@click.command()
def main() -> None:
    """Show every command and its time, the slowest first."""
    found = {name: seconds(name) for name in hbir.list_commands(click.Context(hbir))}
    click.echo(f"{origin().machine}; median of {_TIMES}")
    for name, taken in sorted(found.items(), key=lambda item: -item[1]):
        click.echo(f"{taken:6.2f} s  {name}")


if __name__ == "__main__":
    main()
