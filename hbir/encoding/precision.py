"""Know which precisions this machine computes fast."""

from functools import cache
from typing import Literal

import torch

Bf16 = Literal["amx", "avx512_bf16", ""]


@cache
def has_fast_bf16() -> Bf16:
    """Name the instructions with which this CPU multiplies bfloat16 matrices.

    torch has them behind private names, so a version without those names has none. Without the instructions
    bfloat16 is emulated and can be a hundred times slower than float32.

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
