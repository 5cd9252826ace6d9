"""Describe the section `encoder` of params.yaml."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hbir.core.params import params_class

Count = Annotated[int, Field(ge=1)]


@params_class
class TinyParams:
    """Size the encoder that is made from scratch: XLM-RoBERTa's architecture in small."""

    layers: Count
    """Transformer layers."""
    width: Count
    """Embedding dimension, a multiple of `heads`."""
    heads: Count
    """Attention heads per layer."""
    feed_forward: Count
    """Inner dimension of the feed-forward blocks."""
    dropout: Annotated[float, Field(ge=0, lt=1)]
    """Probability of dropping a unit, in hidden states and attention alike."""
    vocabulary: Annotated[int, Field(ge=300)]
    """Tokens of the byte-level BPE tokenizer, the 256 bytes and 5 special tokens included."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"a width that is a multiple of heads ({self.heads})")
        return self


@params_class
class EncoderParams:
    """Choose the one starting point of every sampler."""

    name: str
    """`tiny`, or the folder or Hub id of a sentence-transformers or transformers model."""
    max_tokens: Annotated[int, Field(ge=8)]
    """Longest input in tokens, special tokens included; the paper does not state its own."""
    languages: Literal["training", "all"] | list[str]
    """Whose training texts the tokenizer of `tiny` is trained on: `training` = `batches.languages`."""
    tiny: TinyParams
