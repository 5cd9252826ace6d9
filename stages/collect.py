"""Stage collect: gather English question-passage pairs from the sources in params.yaml."""

import click

from hbir.collection.collect import collect as collect_pairs
from hbir.collection.enough import check_enough
from hbir.collection.params import CollectParams
from hbir.core import paths
from hbir.core.files import write_table
from hbir.core.params import read_params, section


@click.command()
def collect() -> None:
    """Write data/english.parquet and data/parallel.parquet from the sources in params.yaml."""
    params = read_params()
    english, parallel, summary = collect_pairs(section(params, "collect", CollectParams))
    # The pairs do not depend on it; the stage build_batches would tell it after hours of translation.
    check_enough(english, section(params, "batches.size", int))
    write_table(paths.ENGLISH_PAIRS, english)
    write_table(paths.PARALLEL_TEXTS, parallel)
    click.echo(f"collect: {summary}")
