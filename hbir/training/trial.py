"""Measure in some seconds how fast an encoder embeds and is trained on this machine."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from sentence_transformers import SentenceTransformer

from hbir.core.machine import peak_memory
from hbir.core.precision import Precision
from hbir.core.speed import Speed
from hbir.encoding.embed import embed
from hbir.encoding.precision import embedding_in
from hbir.encoding.prompts import SIDES
from hbir.training.params import TrainParams
from hbir.training.prepare import prepare
from hbir.training.step import Stepper
from hbir.training.texts import PairTexts

_FEW = 8
"""Pairs of the first steps, from which it is foreseen how long a whole one takes."""
_STEPS = 1000
"""Of the training that the measured steps would be the first of."""


def measure(
    model: SentenceTransformer,
    pairs: Sequence[tuple[str, str]],
    params: TrainParams,
    batch: int,
    precision: Precision = "fp32",
    seconds: float = 3.0,
) -> Speed:
    """Embed passages, then do training steps.

    Args:
        model: the encoder, which is trained.
        pairs: different ones, like those that will be trained on.
        params: of the training.
        batch: pairs in a step.
        precision: of scoring.
        seconds: that each of both takes, about.

    Returns:
        The speeds.
    """
    parameters = sum(weights.numel() for weights in model.parameters())
    with embedding_in(model, precision):
        passages, _ = _rate(lambda rows: _embed(model, pairs, rows), len(pairs), len(pairs), seconds)
    columns = {"query": [query for query, _ in pairs], "passage": [passage for _, passage in pairs]}
    texts = PairTexts(pa.table({"pair_id": np.arange(len(pairs)), "lang": ["en"] * len(pairs), **columns}))
    with TemporaryDirectory() as folder:
        forward, tables = prepare(model, texts, params, tokens=Path(folder), tables=Path(folder))
        stepper = Stepper(forward, params, tables, _STEPS)
        whole = min(batch, len(pairs))

        def step(rows: np.ndarray) -> None:
            float(stepper.step(1, dict.fromkeys(SIDES, rows), rows).loss)

        rate, size = _rate(step, len(pairs), whole, seconds)
        query, passage = (float(forward.inputs.lengths(side, np.arange(len(pairs))).mean()) for side in SIDES)
    return Speed(
        pairs=rate,
        passages=passages,
        query_tokens=query,
        passage_tokens=passage,
        parameters=parameters,
        memory=peak_memory() if size == batch else None,
    )


def _embed(model: SentenceTransformer, pairs: Sequence[tuple[str, str]], rows: np.ndarray) -> None:
    embed(model, [pairs[row][1] for row in rows.tolist()], "document", len(rows))


def _rate(run: Callable[[np.ndarray], None], count: int, most: int, seconds: float) -> tuple[float, int]:
    """Run on parts of `count` rows, at most `most` at once: rows per second, and how many at once."""
    size, done = min(_FEW, most), 0
    for _ in range(2):  # the first one makes what later ones find
        start = time.perf_counter()
        run(np.arange(size))
        took = time.perf_counter() - start
    size = min(most, max(size, int(size * seconds / took)))
    begin = time.perf_counter()
    while not done or time.perf_counter() - begin < seconds:
        run((np.arange(size) + done) % count)
        done += size
    return done / (time.perf_counter() - begin), size
