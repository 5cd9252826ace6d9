"""Stage train: train one sampler on its plan."""

import click

from hbir.core import paths, project
from hbir.core.launch import start_all
from hbir.core.params import read_params, section
from hbir.core.place import find_place
from hbir.core.samplers import SAMPLERS
from hbir.encoding.params import EncoderParams
from hbir.tracking.live import LiveRun
from hbir.tracking.params import TrackingParams
from hbir.training.params import LAUNCHER, train_params
from hbir.training.run import Job
from hbir.training.run import train as run_training


@click.command()
@click.argument("sampler", type=click.Choice(list(SAMPLERS)))
def train(sampler: str) -> None:
    """Write models/SAMPLER from its plan; a killed training goes on from its last checkpoint."""
    params = read_params()
    top = project.read_project(params)
    tracking = section(params, "tracking", TrackingParams)
    training = train_params(params, sampler)
    start_all(training.launcher, ["train", sampler], LAUNCHER)
    job = Job(
        sampler=sampler,
        params=training,
        threads=top.threads,
        seed=top.seed,
        log_every=tracking.log_every,
        checkpoint_every=tracking.checkpoint_every,
        plan=paths.BATCHES / f"{sampler}.parquet",
        pairs=paths.PAIRS,
        initial=paths.INITIAL,
        output=paths.MODELS / sampler,
        trust_remote_code=section(params, "encoder", EncoderParams).trust_remote_code,
    )
    record = run_training(job, LiveRun())
    best, final = record.best, record.final
    if find_place().is_first:
        click.echo(
            f"train {sampler}: {final.step} steps, best at step {best.step} "
            f"(validation loss {best.loss:.4f}, final {final.loss:.4f})"
        )
