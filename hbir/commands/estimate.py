"""Say what the pipeline will take with the params at hand."""

import click
from rich.console import Console

from hbir.cli import require_project
from hbir.core.params import read_params
from hbir.encoding.shapes import PEAKS


@click.command()
@click.option(
    "--gpu", type=click.Choice(list(PEAKS)), help="Train and score on this card; else what this machine does."
)
def estimate(gpu: str | None) -> None:
    """Print rows, disk, memory, steps, tokens and hours of every stage, before any of them runs.

    What is collected or translated already is counted. The encoder is measured for some seconds, if its weights
    are here; nothing is downloaded. `~` is an estimate, `>` leaves out what is unknown.
    """
    from hbir.inputs.check import check
    from hbir.studies.at_hand import measured
    from hbir.studies.estimate import estimate as estimated
    from hbir.studies.estimate import notes
    from hbir.studies.estimate_table import show
    from hbir.studies.made import find_made

    require_project()
    params = read_params()
    whole = check(params)
    made = find_made(params, whole.project.languages)
    speed = None if gpu else measured(whole, params, made)
    show(estimated(whole, params, made, gpu, speed), notes(whole, made, gpu, speed), Console())
