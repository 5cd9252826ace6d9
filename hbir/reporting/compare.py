"""Offer `hbir compare`."""

import click
from rich.console import Console

from hbir.core.params import read_params
from hbir.core.project import SCORES, read_project
from hbir.evaluation.results import read_results
from hbir.reporting.terminal import show_comparison


@click.command()
def compare() -> None:
    """Show the comparison of the scores in this folder again."""
    project = read_project(read_params())
    show_comparison(read_results(SCORES, project.compared), project.sampler, Console())
