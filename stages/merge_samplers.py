"""Stage merge: average the trained xx and xy."""

import click

from hbir.core import paths
from hbir.core.files import atomic_folder
from hbir.core.params import read_params, section, unknown
from hbir.core.project import read_project
from hbir.core.rival_record import RIVAL, merged_record, write_rival
from hbir.core.rows import OF, merged_name, merged_weight
from hbir.core.training_record import TRAINING, read_training
from hbir.encoding.merge import Part, average
from hbir.encoding.merged_folder import save_merged
from hbir.encoding.model import load_encoder, prepare_torch
from hbir.encoding.params import EncoderParams


@click.command()
@click.argument("name")
def merge_samplers(name: str) -> None:
    """Write models/NAME, such as merged-0.25: a quarter of models/xx, and for the rest models/xy."""
    params = read_params()
    top = read_project(params)
    weight = merged_weight(name)
    if weight is None:
        raise unknown("merge-samplers", name, map(merged_name, top.merged or (0.25, 0.5)))
    prepare_torch(top.threads)
    trusted = section(params, "encoder", EncoderParams).trust_remote_code
    folders = [paths.MODELS / sampler for sampler in OF]
    one, other = (load_encoder(folder, "cpu", trusted) for folder in folders)
    merged = average(one, other, weight, OF)
    records = [read_training(folder / TRAINING) for folder in folders]
    parts = [Part(sampler, share) for sampler, share in zip(OF, (weight, 1 - weight), strict=True)]
    with atomic_folder(paths.MODELS / name) as folder:
        save_merged(merged, folder, f"hbir {name}", parts)
        write_rival(folder / RIVAL, merged_record(name, weight, records))
    click.echo(f"merge: {paths.MODELS / name} is {weight:g} of {OF[0]} and {1 - weight:g} of {OF[1]}")
