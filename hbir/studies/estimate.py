"""Estimate what every stage of the pipeline takes with the params at hand, before it runs."""

from collections.abc import Mapping
from typing import Any

from hbir.core.speed import Speed
from hbir.inputs.check import Params
from hbir.studies import cost
from hbir.studies.amounts import Stage
from hbir.studies.estimate_data import DataStages
from hbir.studies.estimate_models import ModelStages
from hbir.studies.made import Made


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
    data = DataStages(whole, params, made)
    models = ModelStages(whole, params, data, gpu, speed)
    return [
        data.collect(),
        data.translate(),
        data.batches(),
        models.encoder(),
        models.train(),
        models.score(),
    ]


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
        "Assumed, as perf/scale.json has it of an AMD EPYC: seconds and memory of a row and a byte of text. "
        "Where no file is at hand: the pairs that params.yaml expects, of 112 tokens and 560 bytes."
    )
    return lines
