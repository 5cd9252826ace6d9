"""Offer `hbir track` and `hbir ui`."""

from pathlib import Path

import click

from hbir.core.params import read_params, section
from hbir.core.project import SCORES, read_project
from hbir.core.record import main_root
from hbir.core.training_record import TRAINING
from hbir.evaluation.results import read_results
from hbir.tracking.experiments import synchronise_experiments
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import here
from hbir.tracking.server import is_server
from hbir.tracking.store import Store
from hbir.tracking.sync import SyncSummary, synchronise
from hbir.tracking.ui import comparison_link, serve


@click.command()
def track() -> None:
    """Bring MLflow up to date with the workspace's scores and those of every DVC experiment."""
    click.echo(bring_up_to_date(Store(main_root())))


@click.command()
@click.option("--port", default=5000, show_default=True, help="Where the UI listens on 127.0.0.1.")
def ui(port: int) -> None:
    """Bring MLflow up to date and open its UI on the comparison."""
    store = Store(main_root())
    click.echo(bring_up_to_date(store))
    click.echo(f"Open {comparison_link(store, port)}")
    if not is_server(store.uri):
        serve(store, port)


def bring_up_to_date(store: Store) -> SyncSummary:
    """Synchronise the workspace, then the experiments.

    Args:
        store: the open store.

    Returns:
        What was done.
    """
    params = read_params()
    tracking = section(params, "tracking", TrackingParams)
    compared = read_project(params).compared
    scored = [sampler for sampler in compared if (SCORES / sampler / TRAINING).is_file()]
    summary = synchronise(read_results(SCORES, scored), store, Path(), tracking, here(store.root))
    summary.notes += [
        f"{sampler}: no scores here; `dvc repro` makes them" for sampler in compared if sampler not in scored
    ]
    summary.add(synchronise_experiments(store, tracking))
    return summary
