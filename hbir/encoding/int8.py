"""Run the transformers of an encoder in int8, with OpenVINO."""

import contextlib
import io
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer

from hbir.core.errors import ModelError
from hbir.encoding.batches import INPUTS

_GROUP = "64"
"""Activations that share a scale; 32 and 128 ran at 3.3 and 4.3 times the library's speed, 64 at 3.6."""
_PROBE = ("a", "a text that is longer")
"""Texts with which a transformer is traced."""
Forward = Callable[..., dict[str, Any]]


@contextlib.contextmanager
def in_int8(model: SentenceTransformer) -> Iterator[None]:
    """Compute an encoder's transformers in int8; pooling and what follows stay in float32.

    Weights are rounded once, one scale per output of a layer. Activations are rounded as they come, in groups,
    so that no texts are needed to calibrate them, and a language that such texts would lack loses no more than
    the others.

    Args:
        model: the encoder, on a CPU.

    Yields:
        While it embeds in int8.

    Raises:
        ModelError: when OpenVINO is not installed, or cannot run the encoder.
    """
    parts = [part for part in model.modules() if isinstance(part, Transformer)]
    if not parts or model.device.type != "cpu":
        raise ModelError(
            where="precision int8",
            expected="an encoder with a transformer, on a CPU",
            found=f"one on {model.device.type}" if parts else "one without",
            hint="Choose fp32 or bf16.",
        )
    forwards = [_forward(part) for part in parts]
    try:
        for part, forward in zip(parts, forwards, strict=True):
            part.forward = forward
        yield
    finally:
        for part in parts:
            part.__dict__.pop("forward", None)


def _forward(part: Transformer) -> Forward:
    """Return what takes the place of a transformer's `forward`."""
    openvino, nncf = _packages()
    example = {name: value for name, value in part.preprocess(list(_PROBE)).items() if name in INPUTS}
    try:
        with _quiet():
            exact = _converted(openvino, part, example)
            rounded = nncf.compress_weights(exact, mode=nncf.CompressWeightsMode.INT8_SYM)
            settings = {
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": _GROUP,
                "INFERENCE_PRECISION_HINT": "f32",
                "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            }
            compiled = openvino.Core().compile_model(rounded, "CPU", settings)
    except Exception as error:  # OpenVINO and code that comes with a model raise kinds of their own
        raise ModelError(
            where="precision int8",
            expected="a transformer that OpenVINO can convert",
            found=" ".join(str(error).split())[:200].rstrip(".") or type(error).__name__,
            hint="Choose fp32 or bf16.",
        ) from error

    def forward(features: dict[str, Any], **_: Any) -> dict[str, Any]:
        states = compiled({name: features[name].numpy() for name in example})[0]  # (b, width, d)
        # A copy, since the next batch is written into the same memory.
        return features | {"token_embeddings": torch.from_numpy(states.copy())}

    return forward


def _converted(openvino: ModuleType, part: Transformer, example: dict[str, torch.Tensor]) -> Any:
    """Trace a transformer for any number of texts of any length."""
    names = list(example)

    class States(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = part.model

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.model(**dict(zip(names, inputs, strict=True))).last_hidden_state
            return states

    with torch.no_grad():
        model = openvino.convert_model(
            States().eval(),
            example_input=tuple(example.values()),
            input=[([-1, -1], openvino.Type.i64)] * len(names),
        )
    for name, given in zip(names, model.inputs, strict=True):
        given.get_tensor().set_names({name})
    return model


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep tracing's warnings and bars out of a command's output, and put the root logger back as it was."""
    root = logging.getLogger()
    level, filters, handlers = root.level, list(root.filters), [(one, one.level) for one in root.handlers]
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
        root.filters[:], root.handlers[:] = filters, [handler for handler, _ in handlers]
        for handler, before in handlers:
            handler.setLevel(before)


def _packages() -> tuple[ModuleType, ModuleType]:
    """Import OpenVINO and its quantiser without the telemetry, which both do without where it is not found."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        with _quiet():
            import nncf
            import openvino
    except ImportError as error:
        raise ModelError(
            where="precision int8",
            expected="the packages openvino and nncf",
            found=str(error),
            hint="Install them: `python -m pip install 'nncf>=3.4' 'openvino>=2026.4'`.",
        ) from error
    with _quiet():
        nncf.set_log_level(logging.ERROR)  # which can move the root logger's handlers too
    return openvino, nncf
