"""Stage collect: gather English question-passage pairs from the sources in params.yaml."""

import logging

import click

from hbir.benchmarks.registry import checked
from hbir.collection.collect import collect as collect_pairs
from hbir.collection.params import CollectParams
from hbir.collection.sources import to_translate
from hbir.core import paths, project
from hbir.core.files import write_table
from hbir.core.params import read_params, section

logger = logging.getLogger(__name__)


@click.command()
def collect() -> None:
    """Write data/english.parquet and data/parallel.parquet from the sources in params.yaml."""
    params = read_params()
    top = project.read_project(params)
    given = section(params, "collect", CollectParams)
    # Nothing here depends on them; a typo is told now instead of after all trainings, or hours of reading.
    checked(section(params, "evaluate", dict).get("benchmarks") or [], "params.yaml: evaluate.benchmarks")
    # Nor on the engine: with another one this need not run again. No error, for English alone may be wanted.
    translate = section(params, "translate", dict)
    rendering = translate.get("engine") in ("cldr", {"name": "cldr"}) and not translate.get("languages")
    if rendering and top.languages != ["en"] and (plain := to_translate(given.sources)):
        logger.warning("translate: engine cldr will refuse the texts of %s.", ", ".join(plain))
    english, parallel, summary = collect_pairs(given)
    write_table(paths.ENGLISH_PAIRS, english)
    write_table(paths.PARALLEL_TEXTS, parallel)
    click.echo(f"collect: {summary}")
