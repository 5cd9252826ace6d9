"""Time the loading of the real XQuAD-R."""

import time
from statistics import median

import click

from hbir.benchmarks.registry import load


@click.command()
@click.option("--repeats", default=5, show_default=True)
def main(repeats: int) -> None:
    """Print the median; HBIR_DATA names the folder that holds xquad-r/."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        load("xquad-r", None)
        times.append(time.perf_counter() - start)
    click.echo(f"xquad-r: {median(times):.2f} s, longest {max(times):.2f} s")


if __name__ == "__main__":
    main()
