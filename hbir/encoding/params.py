"""Describe the section `encoder` of params.yaml."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hbir.core.params import params_class
from hbir.encoding.presets import PoolingMode

Count = Annotated[int, Field(ge=1)]
Tokens = Annotated[int, Field(ge=8)]
Vocabulary = Annotated[int, Field(ge=300)]


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
    vocabulary: Vocabulary
    """Tokens of the byte-level BPE tokenizer, the 256 bytes and 5 special tokens included."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"a width that is a multiple of heads ({self.heads})")
        return self


@params_class
class StaticParams:
    """Size the encoder without layers: the mean of its tokens' embeddings."""

    width: Count
    """Embedding dimension."""
    vocabulary: Vocabulary
    """Tokens of the byte-level BPE tokenizer, the 256 bytes and 5 special tokens included."""


@params_class
class PromptParams:
    """Choose what is put before a text; an empty string is no prefix."""

    query: str
    """Before a query."""
    document: str
    """Before a passage."""


@params_class
class EncoderParams:
    """Choose the one starting point of every sampler."""

    name: str
    """A preset (`python -m hbir encoders`), or the folder or Hub id of any other encoder."""
    revision: str | None
    """Commit, branch or tag of a Hub model; null for the one recorded at the first load on this machine."""
    pooling: PoolingMode | None
    """How token embeddings become one; null for the preset's, else the model's own, else the mean."""
    max_query_tokens: Tokens
    """Longest query in tokens, prefix and special tokens included; the paper does not state its own."""
    max_passage_tokens: Tokens
    """Longest passage in tokens, prefix and special tokens included."""
    prompts: PromptParams | None
    """Prefixes; null for the preset's, else the model's own, else the paper's `Query: ` and `Passage: `."""
    normalize: bool
    """Whether embeddings have length 1, so that they compare by cosine; else by inner product."""
    trust_remote_code: bool
    """Whether code that comes with a model may run on this machine; of the Hub at the commit in `revision`."""
    max_unknown: Annotated[float, Field(ge=0, le=1)]
    """Share of unknown tokens in a language above which a warning says so."""
    languages: Literal["training", "all"] | list[str]
    """Whose training texts train the tokenizer of `tiny` and `static`: `training` = `batches.languages`."""
    tiny: TinyParams
    static: StaticParams

    @property
    def longest(self) -> int:
        """The longer of the two limits, in tokens."""
        return max(self.max_query_tokens, self.max_passage_tokens)
