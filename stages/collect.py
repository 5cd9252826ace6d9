"""Stage collect: gather English question-passage pairs from the sources in params.yaml."""

import click

from hbir.collection.collect import collect as collect_pairs
from hbir.collection.enough import check_enough
from hbir.collection.params import CollectParams
from hbir.core import paths
from hbir.core.params import read_params, section
from hbir.core.resources import ResourceParams
from hbir.core.schemas import ENGLISH_SCHEMA, PARALLEL_SCHEMA
from hbir.core.spill import spill_folder
from hbir.core.tables import pieces, write_pieces


@click.command()
def collect() -> None:
    """Write data/english.parquet and data/parallel.parquet from the sources in params.yaml."""
    params = read_params()
    resources = section(params, "resources", ResourceParams)
    with spill_folder() as folder:
        english, parallel, summary = collect_pairs(section(params, "collect", CollectParams), folder, resources)
        # The pairs do not depend on it; the stage build_batches would tell it after hours of translation.
        check_enough(english, section(params, "batches.size", int))
        write_pieces(paths.ENGLISH_PAIRS, ENGLISH_SCHEMA, pieces(english))
        write_pieces(paths.PARALLEL_TEXTS, PARALLEL_SCHEMA, pieces(parallel))
    click.echo(f"collect: {summary}")
