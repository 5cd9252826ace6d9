"""Bring MLflow up to date with what DVC holds."""

from pathlib import Path

import click

from hbir.core.errors import DataError
from hbir.core.machine import main_root
from hbir.core.params import read_params, section
from hbir.core.paths import SCORES
from hbir.core.project import read_project
from hbir.core.rival_record import has_record
from hbir.core.rows import compared_rows
from hbir.evaluation.comparable import refuse_unlike
from hbir.evaluation.differences import Difference
from hbir.evaluation.results import SamplerResults, read_results
from hbir.reporting.verdicts import compared
from hbir.tracking.experiments import synchronise_experiments
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import here
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from hbir.tracking.sync_summary import SyncSummary


@click.command()
def track() -> None:
    """Bring MLflow up to date with the workspace's scores and those of every DVC experiment."""
    click.echo(bring_up_to_date(store_of_project()))


def store_of_project() -> Store:
    """Open the store of the project in this folder; elsewhere nothing is made.

    Returns:
        The store.
    """
    read_project(read_params())
    return Store(main_root())


def bring_up_to_date(store: Store) -> SyncSummary:
    """Synchronise the workspace, then the experiments.

    Args:
        store: the open store.

    Returns:
        What was done.
    """
    params = read_params()
    tracking = section(params, "tracking", TrackingParams)
    project = read_project(params)
    rows = compared_rows(params)
    scored = [sampler for sampler in rows if has_record(SCORES / sampler)]
    results = read_results(SCORES, scored)
    found, notes = _differences(results, project.sampler)
    summary = synchronise(results, store, Path(), tracking, here(store.root), found=found)
    summary.notes += notes
    summary.notes += [
        f"{sampler}: no scores here; `dvc repro` makes them" for sampler in rows if sampler not in scored
    ]
    summary.add(synchronise_experiments(store, tracking))
    return summary


def _differences(results: list[SamplerResults], headline: str) -> tuple[list[Difference], list[str]]:
    """Compare what can be compared; scores that are half made anew shall not hide all the others."""
    try:
        refuse_unlike(results)
        return compared(results, headline), []
    except DataError as error:
        return [], [f"not compared with {headline}: {error}"]
