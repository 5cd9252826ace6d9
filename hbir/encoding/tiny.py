"""Make the encoder `tiny` from scratch: XLM-RoBERTa's architecture, small enough for two cores."""

import tempfile
from collections.abc import Iterable

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Pooling
from transformers import XLMRobertaConfig, XLMRobertaModel

from hbir.core.seeds import derive_seed
from hbir.encoding.params import EncoderParams
from hbir.encoding.tokenizer import train_tokenizer

_POSITION_OFFSET = 2
"""XLM-RoBERTa counts positions from the padding index + 1."""


def build_tiny(params: EncoderParams, texts: Iterable[str], seed: int) -> SentenceTransformer:
    """Make an untrained encoder with a tokenizer of its own.

    Args:
        params: the section `encoder`.
        texts: what its tokenizer is trained on.
        seed: the base seed; the weights depend on it and on the sizes alone.

    Returns:
        An encoder with mean pooling, without prompts.
    """
    tokenizer = train_tokenizer(texts, params.tiny.vocabulary, params.longest)
    tiny = params.tiny
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=tiny.width,
        num_hidden_layers=tiny.layers,
        num_attention_heads=tiny.heads,
        intermediate_size=tiny.feed_forward,
        hidden_dropout_prob=tiny.dropout,
        attention_probs_dropout_prob=tiny.dropout,
        max_position_embeddings=params.longest + _POSITION_OFFSET,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "encoder", "weights"))
        model = XLMRobertaModel(config)  # with its unused pooler, which loading would else fill at random
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        transformer = Transformer(folder, max_seq_length=params.longest)
    return SentenceTransformer(modules=[transformer, Pooling(tiny.width, "mean")], device="cpu")
