"""Summarise experiments that differ in their seed."""

import tempfile
from pathlib import Path

import click

from hbir.core.errors import DataError
from hbir.core.machine import main_root
from hbir.evaluation.over_seeds import refuse_one_seed
from hbir.reporting.experiments import read_experiment
from hbir.reporting.git import resolve
from hbir.reporting.seed_intervals import seed_intervals
from hbir.reporting.seeds import SeedRun, refuse_unlike, summarise
from hbir.tracking.scores import fetch_scores


@click.command()
@click.argument("experiments", nargs=-1, required=True)
@click.option(
    "--intervals",
    "with_intervals",
    is_flag=True,
    help="Show 95 % confidence intervals over seeds and queries, and tests of the headline sampler's "
    "differences. Reads scores per query from DVC's cache.",
)
def seeds(experiments: tuple[str, ...], with_intervals: bool) -> None:
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
    root = main_root()
    read = {name: read_experiment(root, name) for name in experiments}
    runs = {
        name: SeedRun(metrics=run.metrics, params=run.params, fixed=run.fixed) for name, run in read.items()
    }
    if with_intervals:
        refuse_one_seed(len(runs), f"experiments {', '.join(runs)}")
    refuse_unlike(runs)
    click.echo(summarise([run.metrics for run in runs.values()]))
    if with_intervals:
        with tempfile.TemporaryDirectory() as folder:
            results = {
                name: fetch_scores(
                    root, resolve(root, name), name, list(run.metrics), Path(folder) / str(number)
                )
                for number, (name, run) in enumerate(runs.items())
            }
            click.echo("\n" + seed_intervals(results, str(next(iter(runs.values())).params["sampler"])))
