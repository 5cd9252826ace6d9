"""Compare the embedding of texts with `SentenceTransformer.encode` at its defaults, on a CPU."""

import os
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
from sentence_transformers import SentenceTransformer

from hbir.benchmarks.registry import load
from hbir.benchmarks.task import RetrievalTask
from hbir.core.precision import Precision
from hbir.encoding.embed import embed
from hbir.encoding.model import prepare_torch
from hbir.encoding.precision import embedding_in, has_fast_bf16
from perf.compare import Comparison, Goal
from perf.encoders import NAMED, fresh

PEER = "sentence-transformers' encode"
_TEXTS, _REPEATS = {"real": 192, "tiny": 3000}, 5
_BATCH = 256
_FOREVER = ExitStack()


@cache
def passages(count: int) -> list[str]:
    """Choose passages of the real XQuAD-R where `HBIR_DATA` has it, else of the embedded corpus.

    Args:
        count: how many; of all languages and lengths, the same each time.

    Returns:
        The texts.
    """
    name, languages = ("xquad-r", None) if "HBIR_DATA" in os.environ else ("cldr", ["de", "en", "hi", "zh"])
    task = cast(RetrievalTask, load(name, languages)[0])
    chosen = np.random.default_rng(0).permutation(len(task.passages))[:count]
    return [task.passages[row] for row in chosen]


@cache
def encoder(kind: str, precision: Precision) -> SentenceTransformer:
    """Open the real encoder that `HBIR_ENCODER` names, or make one of its shape or the default one.

    Args:
        kind: `real` or `tiny`.
        precision: int8 is made ready for good, which takes seconds; bfloat16 is set where it is measured.

    Returns:
        The encoder, on the CPU; weights are random but for the named one, which changes no speed.
    """
    prepare_torch(None)
    model = fresh(kind, passages(_TEXTS["tiny"]))
    if precision == "int8":
        _FOREVER.enter_context(embedding_in(model, precision))
    return model


def _ours(kind: str, precision: Precision) -> float:
    model, texts = encoder(kind, precision), passages(_TEXTS[kind])
    with embedding_in(model, "fp32" if precision == "int8" else precision):
        start = time.perf_counter()
        embed(model, texts, "document", _BATCH)
        return len(texts) / (time.perf_counter() - start)


def _library(kind: str) -> float:
    model, texts = encoder(kind, "fp32"), passages(_TEXTS[kind])
    start = time.perf_counter()
    model.encode_document(texts, show_progress_bar=False)
    return len(texts) / (time.perf_counter() - start)


def comparisons() -> list[Comparison]:
    """List the comparisons: float32 with either encoder, bfloat16 and int8 with the real one.

    Returns:
        Rates in texts per second, of XQuAD-R's passages in eleven languages where they are at hand.
    """
    level = has_fast_bf16()
    amx = "" if level == "amx" else f" This CPU has {level or 'no bfloat16'}, not AMX, so there is no goal."
    return [
        _comparison("tiny", "fp32", Goal.at_least(1.4)),
        _comparison("real", "fp32", Goal.at_least(1.4)),
        _comparison("real", "bf16", None if amx else Goal.at_least(2), amx, "" if level else amx),
        _comparison("real", "int8", Goal.at_least(3), " Made ready before, in 10 s."),
    ]


def _comparison(
    kind: str, precision: Precision, goal: Goal | None, note: str = "", skip: str = ""
) -> Comparison:
    folder = NAMED
    shape = Path(folder).name if kind == "real" and folder else "random weights"
    texts = "XQuAD-R's passages" if os.environ.get("HBIR_DATA") else "the embedded corpus"
    return Comparison(
        name=f"encoding, {'e5-small' if kind == 'real' else 'tiny'} encoder, {precision} against float32",
        peer=PEER,
        unit="texts/s",
        goal=goal,
        measure_ours=lambda: _ours(kind, precision),
        measure_peer=lambda: _library(kind),
        repeats=_REPEATS,
        warm_up=True,
        expected_s=60 if kind == "real" else 20,
        skip=skip,
        note=f"{_TEXTS[kind]:,} of {texts}, {shape}.{note}",
    )
