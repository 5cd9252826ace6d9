"""Load an encoder and decide which of its weights are trained, and how much memory that takes."""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.util import batch_to_device
from torch import nn
from transformers import PreTrainedModel

from hbir.core.errors import ModelError, TrainingError
from hbir.encoding.model import features, load_encoder
from hbir.encoding.prompts import SIDES
from hbir.training.checks import no_attention
from hbir.training.lora import add_lora, transformers
from hbir.training.params import TrainParams
from hbir.training.precision import uses_bf16


def load_trainable(
    initial: Path, params: TrainParams, seed: int, device: str, trust_remote_code: bool
) -> SentenceTransformer:
    """Load the encoder that is to be trained.

    Args:
        initial: its folder.
        params: of one sampler.
        seed: the base seed.
        device: where to put it.
        trust_remote_code: whether code that comes with it may run.

    Returns:
        The encoder, prepared.

    Raises:
        ModelError: when it does not load.
        TrainingError: when it does, but not with that attention, or when it cannot be trained as asked.
    """
    load = partial(load_encoder, initial, device=device, trust_remote_code=trust_remote_code)
    try:
        model = load(attention=params.attention)
    except ModelError as error:
        if params.attention is None:
            raise
        load()  # raises where something else is wrong
        expected = "an attention that the encoder's architecture has"
        hint = "Set train.attention to null."
        raise no_attention(params.attention, expected, error.found, hint) from error
    prepare(model, params, seed)
    return model


def prepare(model: SentenceTransformer, params: TrainParams, seed: int) -> None:
    """Set an encoder up for training: what is frozen, what is added, what is computed twice.

    Args:
        model: the encoder, changed in place.
        params: the section `train`.
        seed: the base seed.

    Raises:
        TrainingError: when nothing is left to train, or the encoder cannot do what is asked.
    """
    if params.lora or params.freeze_embeddings:
        for weight in unused_poolers(model, uses_bf16(params, model)):
            weight.requires_grad_(False)
    if params.lora:
        add_lora(model, params.lora, seed)
    if params.freeze_embeddings:
        for table in _tables(model):
            table.requires_grad_(False)
    if not any(weight.requires_grad for weight in model.parameters()):
        raise TrainingError(
            where="params.yaml: train.freeze_embeddings",
            expected="an encoder with more weights than its token embeddings",
            found="nothing else that could be trained",
            hint="Set train.freeze_embeddings to false, or encoder.name to another.",
        )
    if params.gradient_checkpointing:
        _checkpoint_gradients(model)


def sizes(model: SentenceTransformer) -> dict[str, int]:
    """Count weights.

    Args:
        model: the encoder, prepared.

    Returns:
        `parameters`, all of them, and `trainable_parameters`.
    """
    weights = list(model.parameters())
    return {
        "parameters": sum(weight.numel() for weight in weights),
        "trainable_parameters": sum(weight.numel() for weight in weights if weight.requires_grad),
    }


def trained_state(model: SentenceTransformer) -> dict[str, Any]:
    """Return what training changes of an encoder: the rest is in its starting point.

    Args:
        model: the encoder, prepared.

    Returns:
        Names and tensors of the trained weights and of all buffers.
    """
    weights = model.named_parameters(remove_duplicate=False)
    frozen = {name for name, weight in weights if not weight.requires_grad}
    return {name: tensor for name, tensor in model.state_dict().items() if name not in frozen}


def unused_poolers(model: SentenceTransformer, bf16: bool) -> list[nn.Parameter]:
    """Return the weights of poolers that come with an architecture and do not take part in an embedding.

    Args:
        model: the encoder, in evaluation mode.
        bf16: whether to run in bfloat16 where that is safe.

    Returns:
        Weights that no loss would move.
    """
    poolers = [weight for name, weight in model.named_parameters() if "pooler" in name.split(".")]
    if not poolers:
        return []
    with torch.autocast(model.device.type, torch.bfloat16, enabled=bf16):
        inputs = [(side, batch_to_device(features(model, ["a"], side), model.device)) for side in SIDES]
        parts = [model(read, task=side)["sentence_embedding"].sum() for side, read in inputs]
    total = torch.stack(parts).sum()
    gradients = torch.autograd.grad(total, poolers, allow_unused=True)
    return [weight for weight, gradient in zip(poolers, gradients, strict=True) if gradient is None]


def _tables(model: SentenceTransformer) -> list[nn.Module]:
    static: list[nn.Module] = [layer for layer in model.modules() if isinstance(layer, nn.EmbeddingBag)]
    return static + [table for transformer in transformers(model) for table in _beside_tokens(transformer)]


def _beside_tokens(transformer: PreTrainedModel) -> list[nn.Module]:
    # T5's relative attention bias is an nn.Embedding too, but stands in a layer, not beside the tokens' table.
    try:
        tokens = transformer.get_input_embeddings()
    except NotImplementedError as error:  # code that comes with a model may not say
        raise TrainingError(
            where="params.yaml: train.freeze_embeddings",
            expected="an encoder that says which its token embeddings are",
            found=f"{type(transformer).__name__}, which does not",
            hint="Set train.freeze_embeddings to false.",
        ) from error
    return [
        child
        for layer in transformer.modules()
        if any(child is tokens for child in layer.children())
        for child in layer.children()
        if isinstance(child, nn.Embedding)
    ]


def _checkpoint_gradients(model: SentenceTransformer) -> None:
    found = transformers(model)
    lacking = [type(each).__name__ for each in found if not each.supports_gradient_checkpointing]
    if lacking or not found:
        raise TrainingError(
            where="params.yaml: train.gradient_checkpointing",
            expected="an encoder whose layers can be computed again",
            found=lacking[0] if lacking else "none of its architecture",
            hint="Set train.gradient_checkpointing to false.",
        )
    for transformer in found:
        transformer.activation_checkpointing_enable()
