"""Open the encoder that a comparison runs: the one that HBIR_ENCODER names, or one of the same shape."""

import os
from collections.abc import Sequence
from dataclasses import replace

from sentence_transformers import SentenceTransformer

from hbir.core.params import read_params, section
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import open_encoder
from hbir.encoding.params import EncoderParams, TinyParams
from perf.machine import ROOT

NAMED = os.environ.get("HBIR_ENCODER")
_SHAPES = {
    "real": TinyParams(layers=12, width=384, heads=12, feed_forward=1536, dropout=0.1, vocabulary=250_037),
    "six layers": TinyParams(layers=6, width=384, heads=12, feed_forward=1536, dropout=0.1, vocabulary=16_000),
}
"""Of multilingual-e5-small, and half of it."""


def fresh(kind: str, texts: Sequence[str]) -> SentenceTransformer:
    """Open or make an encoder.

    Args:
        kind: `real`: the one that HBIR_ENCODER names, or random weights of multilingual-e5-small's shape, since
            speed does not depend on weights; `six layers`: half of that shape; `tiny`: the default one.
        texts: what the tokenizer of one that is made is trained on.

    Returns:
        An encoder of its own each time, on the CPU, in evaluation mode.
    """
    if kind == "real" and NAMED:
        return open_encoder(NAMED, device="cpu")
    params = section(read_params(ROOT / "params.yaml"), "encoder", EncoderParams)
    params = replace(params, tiny=_SHAPES.get(kind, params.tiny))
    return initial_encoder(params, texts, 0).to("cpu").eval()
