"""Replace the layers of an encoder that are slow on a CPU."""

from torch import nn
from transformers import PreTrainedModel

from hbir.training.dropout import Dropout
from hbir.training.packed_attention import ATTENTION
from hbir.training.products import HAS_PRODUCT, WIDE, Linear, TokenEmbedding


def speed_up(model: nn.Module) -> None:
    """Replace what is slow on a CPU by what computes the same.

    Args:
        model: the encoder, changed in place; on a CPU, since a GPU has better ways.
    """
    for part in list(model.modules()):
        for name, child in list(part.named_children()):
            if type(child) is nn.Dropout and child.p > 0:
                setattr(part, name, Dropout(child.p).train(child.training))
    for part in model.modules():
        if type(part) is nn.Embedding and part.max_norm is None and not part.sparse:
            part.__class__ = TokenEmbedding
        if type(part) is nn.Linear and part.weight.numel() >= WIDE and HAS_PRODUCT:
            part.__class__ = Linear
        if isinstance(part, PreTrainedModel) and part.config._attn_implementation == "sdpa":
            part.set_attn_implementation(ATTENTION)
