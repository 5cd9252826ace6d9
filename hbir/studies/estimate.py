"""Estimate what every stage of the pipeline takes with the params at hand, before it runs."""

from collections.abc import Mapping
from typing import Any

from hbir.core.rows import compared_rows
from hbir.core.speed import Speed
from hbir.encoding.presets import PRESETS, SCRATCH
from hbir.encoding.shapes import shape_of
from hbir.inputs.check import Params
from hbir.studies import cost
from hbir.studies.amounts import UNKNOWN, Amount, Stage, about, exactly, total
from hbir.studies.estimate_data import DataStages, samplers
from hbir.studies.made import Made

WEIGHT, MODELS = 4, 2
"""Bytes of a weight on the disk, and models that a training leaves: the best, and the last if it is another."""


def estimate(
    whole: Params, params: Mapping[str, Any], made: Made, gpu: str | None, speed: Speed | None
) -> list[Stage]:
    """Estimate every stage.

    Args:
        whole: params.yaml, checked.
        params: params.yaml.
        made: what is there of it; it is counted, all else is estimated before anything is left out.
        gpu: a name in PEAKS, of the card that trains and scores; None for what was measured.
        speed: measured on this machine; None where the encoder is not at hand.

    Returns:
        The stages in their order.
    """
    data, weights = DataStages(whole, params, made), _weights(whole, speed)
    encoder = Stage(name="encoder", rows=exactly(1), disk=weights * WEIGHT)
    train, score = _train(whole, weights, gpu, speed), _score(whole, params, gpu, speed)
    return [data.collect(), data.translate(), data.batches(), encoder, train, score]


def _train(whole: Params, weights: Amount, gpu: str | None, speed: Speed | None) -> Stage:
    trainings = len(samplers(whole))
    pairs = exactly(trainings * whole.batches.size * whole.batches.steps)
    query, passage = _lengths(whole, speed)
    shape, seconds = shape_of(whole.encoder), UNKNOWN
    if gpu and shape:
        seconds = pairs * about(cost.gpu_seconds(cost.pair_operations(shape, whole), gpu))
    elif speed:
        seconds = pairs * about(1 / speed.pairs) + about(cost.CPU_TRAINING * trainings)
    return Stage(
        name="train",
        rows=pairs,
        steps=exactly(trainings * whole.batches.steps),
        tokens=pairs * (query + passage),
        disk=weights * about(WEIGHT * MODELS * trainings),
        memory=about(speed.memory) if speed and speed.memory else UNKNOWN,
        seconds=seconds,
    )


def _score(whole: Params, params: Mapping[str, Any], gpu: str | None, speed: Speed | None) -> Stage:
    models = len(compared_rows(params))
    counts = [cost.texts_of(entry, whole) for entry in whole.evaluate.benchmarks]
    texts = total(UNKNOWN if count is None else about(count) for count in counts) * models
    shape, seconds = shape_of(whole.encoder), UNKNOWN
    if gpu and shape:
        seconds = texts * about(cost.gpu_seconds(cost.text_operations(shape, whole), gpu))
    elif speed:
        seconds = texts * about(1 / speed.passages) + about(cost.CPU_SCORING * models)
    return Stage(name="score", rows=texts, tokens=texts * _lengths(whole, speed)[1], seconds=seconds)


def _weights(whole: Params, speed: Speed | None) -> Amount:
    name, shape = whole.encoder.name, shape_of(whole.encoder)
    if name in SCRATCH and shape:  # the texts may give a smaller vocabulary
        return about(shape.layer_weights + shape.vocabulary * shape.width)
    if name in PRESETS:
        return exactly(PRESETS[name].parameters)
    return exactly(speed.parameters) if speed else UNKNOWN


def _lengths(whole: Params, speed: Speed | None) -> tuple[Amount, Amount]:
    """Tokens of a query and of a passage, in the mean."""
    query, passage = (speed.query_tokens, speed.passage_tokens) if speed else cost.lengths(whole)
    return about(query), about(passage)


def notes(whole: Params, made: Made, gpu: str | None, speed: Speed | None) -> list[str]:
    """Say what was measured and what is assumed.

    Args:
        whole: params.yaml, checked.
        made: what is there of it.
        gpu: a name in PEAKS.
        speed: measured on this machine.

    Returns:
        Lines of text.
    """
    counted = [name for name, there in (("collect", made.pairs), ("translate", made.translated)) if there]
    lines = [f"Counted: {' and '.join(counted)}." if counted else "Nothing is made yet with these params."]
    if gpu:
        lines.append(cost.assumptions(gpu))
    elif speed:
        lines.append(
            f"Measured here and now, {whole.project.threads} threads: {speed.pairs:,.1f} pairs/s trained on, "
            f"{speed.passages:,.1f} passages/s embedded; texts of {speed.query_tokens:.0f} and "
            f"{speed.passage_tokens:.0f} tokens."
        )
    else:
        lines.append(f"The weights of {whole.encoder.name} are not here: name a card with --gpu to see hours.")
    lines.append(
        "Assumed, by docs/performance.md: seconds and bytes of a pair in collect, translate, build-batches. "
        "Where no file is at hand: the pairs that params.yaml expects, of 112 tokens and 560 bytes."
    )
    return lines
