"""Describe the sections `train` and `overrides` of params.yaml."""

from dataclasses import asdict, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from hbir.core.params import params_class, section, unknown
from hbir.core.paths import PARAMS
from hbir.core.samplers import SAMPLERS

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
LAUNCHER = "params.yaml: train.launcher"
Attention = Literal["eager", "sdpa", "flash_attention_2"]


@params_class
class Overrides:
    """Set what one sampler trains with in place of the shared value."""

    temperature: Positive | None = None
    """As in `train`."""
    learning_rate: Positive | None = None
    """As in `train`."""


@params_class
class ValidationParams:
    """Describe the fixed batches that choose the best checkpoint, the same for every sampler."""

    every: Count
    """Steps between two validations; the last step is always validated."""
    batches: Count
    """Batches per language, and as many cross-lingual ones in all."""
    monolingual: Literal["all"] | Annotated[list[str], Field(min_length=1)]
    """Languages of the monolingual half: all training languages, or a list; the paper: [en]."""
    cross_lingual: bool
    """Whether half of the loss is over batches that mix languages row by row; the paper: no."""
    temperature: Positive
    """One temperature for all samplers, so that their validation losses can be compared."""


@params_class
class LoraParams:
    """Train low-rank additions to the linear layers, and nothing else."""

    rank: Count
    """Inner dimension of an addition."""
    alpha: Count
    """An addition is scaled by alpha / rank."""
    dropout: Annotated[float, Field(ge=0, lt=1)]
    """Probability of dropping a unit before an addition."""
    targets: Literal["all-linear"] | Annotated[list[str], Field(min_length=1)]
    """Every linear layer of the transformer, or their names such as [query, value]."""


@params_class
class TrainParams:
    """Set how every sampler is trained; `overrides` may change two of the values for one sampler."""

    temperature: Positive
    """Divides similarities before the softmax; not stated in the paper, whose Eq. 1 reads as 1."""
    learning_rate: Positive
    """Peak rate of AdamW; the paper: 3e-5 for pretrained encoders."""
    precision: Literal["auto", "fp32", "bf16"]
    """Of the forward pass; `auto` is bf16 where the device has fast instructions for it, else fp32."""
    attention: Attention | None
    """How attention is computed; null for the library's choice, which is sdpa where an architecture has it."""
    gradient_checkpointing: bool
    """Whether layers are computed again in the backward pass: less memory and more time, the same gradients."""
    gradient_caching: Annotated[int, Field(ge=16)] | None
    """Tokens that are in memory with their gradients at one time, so that a batch of any size fits. Every text
    then goes through the encoder twice, and the gradient is the same; null for the whole batch at once."""
    freeze_embeddings: bool
    """Whether to leave the tables of tokens, positions and types as they are."""
    lora: LoraParams | None
    """Low-rank additions instead of the weights themselves, merged into them when the model is saved."""
    weight_decay: NotNegative
    """Of AdamW, on matrices alone; the paper: 1e-2."""
    warmup: Share
    """Share of the steps in which the learning rate rises in equal parts; not stated in the paper."""
    decay: Literal["linear", "cosine", "constant"]
    """How the learning rate falls afterwards; not stated in the paper."""
    max_grad_norm: Positive
    """Largest norm of the gradient; not stated in the paper."""
    validation: ValidationParams
    launcher: Annotated[str, Field(min_length=1)] | None
    """Command that starts one process per device, on this host or on several, such as `torchrun --standalone
    --nproc-per-node 8`; null for one process. Another number of processes gives other last digits."""


def train_params(params: dict[str, Any], sampler: str) -> TrainParams:
    """Read how a sampler is trained.

    Args:
        params: what `read_params` returned.
        sampler: a name in SAMPLERS.

    Returns:
        The section `train`, with what `overrides` says of this sampler.

    Raises:
        ParamsError: when a key is unknown or missing, a value is wrong, or `overrides` names no sampler.
    """
    overrides = read_overrides(params).get(sampler, Overrides())
    changes = {name: value for name, value in asdict(overrides).items() if value is not None}
    return replace(section(params, "train", TrainParams), **changes)


def read_overrides(params: dict[str, Any]) -> dict[str, Overrides]:
    """Read the section `overrides`.

    Args:
        params: what `read_params` returned.

    Returns:
        By sampler, what it trains with in place of the shared values.

    Raises:
        ParamsError: when a name is no sampler's, a key is unknown or a value is wrong.
    """
    overrides = section(params, "overrides", dict[str, Overrides])
    for name in overrides:
        if name not in SAMPLERS:
            raise unknown(f"{PARAMS}: overrides", name, SAMPLERS)
    return overrides
