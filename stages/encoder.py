"""Stage encoder: make the one starting point of every sampler."""

from collections.abc import Iterator
from typing import Any

import click

from hbir.core import project
from hbir.core.files import atomic_folder, read_table
from hbir.core.params import read_params, section
from hbir.core.records import TRAIN, TRANSLATED
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import prepare_torch, save_encoder
from hbir.encoding.params import EncoderParams


@click.command()
def encoder() -> None:
    """Write models/initial from the section `encoder` of params.yaml."""
    params = read_params()
    chosen = section(params, "encoder", EncoderParams)
    prepare_torch(project.threads(params))
    seed = project.read_project(params).seed
    model = initial_encoder(chosen, _texts(params, chosen), seed)
    with atomic_folder(project.INITIAL) as folder:
        save_encoder(model, folder)
    size = sum(weight.numel() for weight in model.parameters())
    click.echo(f"encoder: {chosen.name}, {size:,} parameters, {len(model.tokenizer):,} tokens")


def _texts(params: dict[str, Any], chosen: EncoderParams) -> Iterator[str]:
    for lang in _languages(params, chosen):
        table = read_table(project.TRANSLATED / f"{lang}.parquet", TRANSLATED)
        training = table.filter([split == TRAIN for split in table["split"].to_pylist()])
        for column in ("query", "passage"):
            yield from training[column].unique().to_pylist()


def _languages(params: dict[str, Any], chosen: EncoderParams) -> list[str]:
    if chosen.languages == "training":
        return project.training_languages(params)
    return project.subset(project.read_project(params), chosen.languages, "params.yaml: encoder.languages")
