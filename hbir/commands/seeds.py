"""Summarise experiments that differ in their seed."""

import tempfile
from pathlib import Path

import click

from hbir.core.errors import DataError
from hbir.core.machine import main_root
from hbir.core.paths import SCORES
from hbir.evaluation.over_seeds import refuse_one_seed
from hbir.evaluation.results import QUERIES, SamplerResults, read_results
from hbir.reporting.experiments import read_experiment
from hbir.reporting.git import resolve
from hbir.reporting.seed_intervals import seed_intervals
from hbir.reporting.seeds import SeedRun, refuse_unlike, summarise
from hbir.tracking.revision import Revision, unavailable


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
    read = {name: read_experiment(main_root(), name) for name in experiments}
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
                name: _results(name, Path(folder) / str(number), list(run.metrics))
                for number, (name, run) in enumerate(runs.items())
            }
            click.echo("\n" + seed_intervals(results, str(next(iter(runs.values())).params["sampler"])))


def _results(name: str, folder: Path, samplers: list[str]) -> list[SamplerResults]:
    """Bring an experiment's scores from DVC's cache into a folder, and read them."""
    root = main_root()
    files = Revision(root, resolve(root, name))
    try:
        for file in files.find(str(SCORES), ".json", QUERIES):
            files.fetch(file, folder)
    except unavailable() as error:
        raise DataError(
            where=f"experiment {name}",
            expected="scores per query in DVC's cache",
            found=" ".join(str(error).split()) or "none",
            hint="Fetch them with `dvc pull` or `dvc exp pull`, or make them with `dvc repro`.",
        ) from error
    return read_results(folder / SCORES, samplers)
