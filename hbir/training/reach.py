"""Find what a training reaches of an encoder: its transformers, and the poolers that no embedding comes of."""

import torch
from sentence_transformers import SentenceTransformer
from torch import nn
from transformers import PreTrainedModel

from hbir.encoding.prompts import SIDES
from hbir.training.forward import embed


def transformers(model: SentenceTransformer) -> list[PreTrainedModel]:
    """Return every transformer of an encoder: one as a rule, two behind a router.

    Args:
        model: the encoder.

    Returns:
        The outermost ones, each once.
    """
    found = [part for part in model.modules() if isinstance(part, PreTrainedModel)]
    inner = {id(part) for outer in found for part in outer.modules() if part is not outer}
    return [part for part in found if id(part) not in inner]


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
    total = torch.stack([embed(model, ["a"], side, bf16).sum() for side in SIDES]).sum()
    gradients = torch.autograd.grad(total, poolers, allow_unused=True)
    return [weight for weight, gradient in zip(poolers, gradients, strict=True) if gradient is None]
