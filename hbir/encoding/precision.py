"""Embed in another precision than float32, and know which ones this machine computes fast."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Literal

import torch
from sentence_transformers import SentenceTransformer

from hbir.core.precision import Precision
from hbir.encoding.int8 import in_int8

logger = logging.getLogger(__name__)
Bf16 = Literal["amx", "avx512_bf16", ""]


@contextmanager
def embedding_in(model: SentenceTransformer, precision: Precision) -> Iterator[None]:
    """Set the precision in which an encoder embeds, whoever calls it.

    Args:
        model: the encoder.
        precision: `fp32` changes nothing; `bf16` is torch's autocast; `int8` is OpenVINO's, on a CPU alone.

    Yields:
        While it embeds in that precision.

    Raises:
        ModelError: when the encoder does not run in that precision here.
    """
    if precision == "int8":
        with in_int8(model):
            yield
    else:
        if precision == "bf16" and model.device.type == "cpu" and not has_fast_bf16():
            logger.warning("This CPU has no instructions for bfloat16, and emulates it slowly")
        with torch.autocast(model.device.type, torch.bfloat16, enabled=precision == "bf16"):
            yield


@cache
def has_fast_bf16() -> Bf16:
    """Name the instructions with which this CPU multiplies bfloat16 matrices.

    torch has them behind private names, so a version without those names has none. Without the instructions
    bfloat16 is emulated, slowly.

    Returns:
        `amx` (tiles: four times the rate of float32 and more), `avx512_bf16` (about twice its rate), or the
        empty string, which is false.
    """
    if _supported("_is_amx_tile_supported") and _supported("_init_amx"):  # Linux must allow a process its tiles
        return "amx"
    return "avx512_bf16" if _supported("_is_avx512_bf16_supported") else ""


def _supported(name: str) -> bool:
    ask = getattr(torch.cpu, name, None)
    return ask is not None and bool(ask())
