"""Summarise experiments that differ in their seed."""

import click

from hbir.core.errors import DataError
from hbir.core.machine import main_root
from hbir.reporting.experiments import read_experiment
from hbir.reporting.seeds import SeedRun, refuse_unlike, summarise


@click.command()
@click.argument("experiments", nargs=-1, required=True)
def seeds(experiments: tuple[str, ...]) -> None:
    """Summarise EXPERIMENTS (names or revisions) that differ in their seed alone.

    For example: `python -m hbir seeds seed-1 seed-2 seed-3`.
    """
    if len(set(experiments)) < len(experiments):
        raise DataError(
            where="experiments",
            expected="each one once",
            found=", ".join(experiments),
            hint="Leave the repetition out.",
        )
    read = {name: read_experiment(main_root(), name) for name in experiments}
    runs = {
        name: SeedRun(metrics=run.metrics, params=run.params, fixed=run.fixed) for name, run in read.items()
    }
    refuse_unlike(runs)
    click.echo(summarise([run.metrics for run in runs.values()]))
