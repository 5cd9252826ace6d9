"""Stage encoder: make the one starting point of every sampler."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import click

from hbir.core import paths, project
from hbir.core.files import atomic_folder
from hbir.core.leftovers import remove_leftovers
from hbir.core.params import read_params, section
from hbir.core.schemas import TRAIN, TRANSLATED_SCHEMA
from hbir.core.tables import StoredTable, distinct
from hbir.encoding import coverage
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import prepare_torch, save_encoder
from hbir.encoding.origin import describe, write_origin
from hbir.encoding.params import EncoderParams


@click.command()
def encoder() -> None:
    """Write models/initial from the section `encoder` of params.yaml."""
    params = read_params()
    chosen = section(params, "encoder", EncoderParams)
    prepare_torch(project.read_project(params).threads)
    remove_leftovers(project.read_project(params).languages)
    texts = (text for lang in _languages(params, chosen) for side in _texts(lang) for text in side)
    model = initial_encoder(chosen, texts, project.read_project(params).seed)
    origin = describe(model, chosen)
    with atomic_folder(paths.INITIAL) as folder:
        save_encoder(model, folder)
        write_origin(origin, folder)
    at = f" at {origin.revision}" if origin.revision else ""
    click.echo(f"encoder: {origin.name}{at}, {origin.parameters:,} parameters, {origin.tokens:,} tokens")
    if origin.revision not in (None, chosen.revision):
        click.echo(f"set encoder.revision: {origin.revision} to pin it")
    click.echo(coverage.report(coverage.measure(model, chosen, _samples(params)), chosen))


def _samples(params: dict[str, Any]) -> dict[str, list[list[str]]]:
    """Read what is trained on, and in the languages that are evaluated alone what would be."""
    wanted = project.read_project(params).languages
    langs = [lang for lang in wanted if (paths.TRANSLATED / f"{lang}.parquet").is_file()]
    return {lang: [list(islice(side, coverage.SAMPLE)) for side in _texts(lang)] for lang in langs}


def _texts(lang: str) -> list[Iterator[str]]:
    """Read the distinct queries and passages of a language's training pairs."""
    table = StoredTable(paths.TRANSLATED / f"{lang}.parquet", TRANSLATED_SCHEMA)
    return [distinct(table, column, {"split": TRAIN}) for column in ("query", "passage")]


def _languages(params: dict[str, Any], chosen: EncoderParams) -> list[str]:
    if chosen.languages == "training":
        return project.training_languages(params)
    return project.subset(project.read_project(params), chosen.languages, "params.yaml: encoder.languages")
