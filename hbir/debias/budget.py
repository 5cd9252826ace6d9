"""Measure what a step costs on this machine, and count how many fit into the budget."""

import time
from dataclasses import dataclass

from sentence_transformers.util import get_device_name

from hbir.batching.plan import read_plan
from hbir.core.errors import ParamsError
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.core.tables import StoredTable
from hbir.training.fingerprint import tokens_name
from hbir.training.prepare import prepare
from hbir.training.run import Job
from hbir.training.step import Stepper
from hbir.training.texts import open_texts
from hbir.training.trainable import load_trainable
from hbir.training.validation import make_validation, validate

TRIAL = 12
"""Steps that are tried at most."""
_ENOUGH = 15.0
"""Seconds of trial after which no more are."""
VALIDATIONS = 4
FEWEST_STEPS = 10
MOST_PASSES = 20
"""Over all pairs: more steps would only learn them by heart."""
_RESERVE = 0.95
"""Share of the time left that is planned with; the rest is for loading and saving."""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Hold what was measured, in seconds."""

    step: float
    validation: float


def measure(job: Job) -> Speed:
    """Do a few steps of a plan, and one validation, with a copy of the encoder.

    Args:
        job: of a training; its texts are tokenised, which the training then needs not do.

    Returns:
        Seconds. The first step is slower than the others and does not count.
    """
    pairs = StoredTable(job.pairs, PAIRS_SCHEMA)
    texts, plan = open_texts(job.pairs, job.kept), read_plan(job.plan)
    model = load_trainable(job.initial, job.params, job.seed, get_device_name(), job.trust_remote_code)
    tokens = job.kept / "tokens" / tokens_name(job.pairs, job.initial)
    forward, tables = prepare(model, texts, job.params, tokens=tokens, tables=job.kept / "trial")
    stepper = Stepper(forward, job.params, tables, plan.steps)
    seconds: list[float] = []
    for number in range(plan.steps):
        batch, begin = plan.batch(number), time.monotonic()
        float(stepper.step(number + 1, texts.rows(batch), batch.pair_ids).loss)
        seconds.append(time.monotonic() - begin)
        if sum(seconds) > _ENOUGH and number:
            break
    validation = make_validation(pairs, texts, job.params.validation, plan.batch_size, job.seed)
    begin = time.monotonic()
    validate(forward, validation)
    counted = seconds[1:] or seconds
    return Speed(step=sum(counted) / len(counted), validation=time.monotonic() - begin)


def steps_within(seconds: float, speed: Speed, pairs: int, batch_size: int, minutes: float) -> int:
    """Count the steps that a budget has room for.

    Args:
        seconds: left for training.
        speed: of this machine.
        pairs: to train on, of all languages together.
        batch_size: pairs in a step.
        minutes: the whole budget, for a message.

    Returns:
        The steps; no more than enough of them.

    Raises:
        ParamsError: when there is no room for even a few.
    """
    free = seconds * _RESERVE - VALIDATIONS * speed.validation
    steps = int(free / speed.step)
    if steps < FEWEST_STEPS:
        lacking = (FEWEST_STEPS - steps) * speed.step / _RESERVE / 60
        raise ParamsError(
            where="--minutes",
            expected=f"at least {minutes + lacking:.1f}, for {FEWEST_STEPS} steps beside reading and scoring",
            found=f"{minutes:g}",
            hint="Raise it, or lower --batch-size or --max-tokens.",
        )
    return min(steps, max(FEWEST_STEPS, MOST_PASSES * pairs // batch_size))
