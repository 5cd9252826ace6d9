"""Name the precisions in which texts are embedded to be scored or searched."""

from typing import Literal

Precision = Literal["fp32", "bf16", "int8"]
"""Of the forward pass; an encoder's weights stay in float32."""
FP32: Precision = "fp32"
"""In which scores are reported unless another was asked for."""
