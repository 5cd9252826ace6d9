"""List the experiments with what they changed and what they reached."""

import shutil

import click

from hbir.core.machine import main_root
from hbir.reporting.experiments import WIDTH, all_scores, experiments_table


@click.command()
def experiments() -> None:
    """List the experiments: changed params, and the headline sampler's main measure and rank distance.

    `sampler` in params.yaml names the headline. `dvc exp show` has every column.
    """
    rows, notes = all_scores(main_root())
    if rows:
        click.echo(experiments_table(rows, shutil.get_terminal_size((WIDTH, 24)).columns))
    else:
        click.echo("No scores yet: `dvc repro` makes the first ones.")
    for note in notes:
        click.echo(f"  {note}")
