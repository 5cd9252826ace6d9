"""Stage collect: gather English question-passage pairs from the sources in params.yaml."""

import click

from hbir.collection.collect import collect as collect_pairs
from hbir.collection.params import CollectParams
from hbir.core import project
from hbir.core.files import write_table
from hbir.core.params import read_params, section


@click.command()
def collect() -> None:
    """Write data/english.parquet from the sources in params.yaml."""
    params = read_params()
    project.read_project(params)
    table, summary = collect_pairs(section(params, "collect", CollectParams))
    write_table(project.ENGLISH, table)
    click.echo(f"collect: {summary}")
