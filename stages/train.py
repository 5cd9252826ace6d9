"""Stage train: train one sampler on its plan."""

import click

from hbir.core import project
from hbir.core.params import read_params, section
from hbir.encoding.params import EncoderParams
from hbir.tracking.live import LiveRun
from hbir.training.params import TrainParams
from hbir.training.run import Job
from hbir.training.run import train as run_training


@click.command()
@click.argument("sampler", type=click.Choice(["xx", "xy", "hybrid", "mixed", "english"]))
def train(sampler: str) -> None:
    """Write models/SAMPLER from its plan; a killed training goes on from its last checkpoint."""
    params = read_params()
    job = Job(
        sampler=sampler,
        params=section(params, "train", TrainParams),
        seed=project.read_project(params).seed,
        plan=project.BATCHES / f"{sampler}.parquet",
        pairs=project.PAIRS,
        initial=project.INITIAL,
        output=project.MODELS / sampler,
        trust_remote_code=section(params, "encoder", EncoderParams).trust_remote_code,
    )
    record = run_training(job, LiveRun())
    best, final = record.best, record.final
    click.echo(
        f"train {sampler}: {final.step} steps, best at step {best.step} "
        f"(validation loss {best.loss:.4f}, final {final.loss:.4f})"
    )
