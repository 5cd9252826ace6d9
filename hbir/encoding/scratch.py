"""Make encoders from scratch, with a tokenizer of their own: `tiny`, XLM-RoBERTa in small, and `static`."""

import tempfile
from collections.abc import Iterable

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Pooling, StaticEmbedding
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

from hbir.core.seeds import derive_seed
from hbir.encoding.params import EncoderParams

_POSITION_OFFSET = 2
"""XLM-RoBERTa counts positions from the padding index + 1."""
_DEVIATION = 0.02
"""Of the starting weights of `static`, as BERT's: EmbeddingBag's own 1.0 is more than a usual learning rate can
move."""
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
"""In XLM-RoBERTa's order, so that its padding index 1 holds."""

_WORDS = r" ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+"
"""Words keep their combining marks, which GPT-2's own pattern cuts off (Hindi, Thai, Arabic)."""


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
    # The library writes down whether HF_HUB_OFFLINE was set, and the same encoder would have other bytes.
    transformer.tokenizer.init_kwargs["local_files_only"] = False
    return SentenceTransformer(modules=[transformer, Pooling(tiny.width, "mean")], device="cpu")


def build_static(params: EncoderParams, texts: Iterable[str], seed: int) -> SentenceTransformer:
    """Make untrained token embeddings with a tokenizer of their own.

    Args:
        params: the section `encoder`.
        texts: what the tokenizer is trained on.
        seed: the base seed; the weights depend on it and on the sizes alone.

    Returns:
        An encoder without prompts.
    """
    tokenizer = train_tokenizer(texts, params.static.vocabulary, params.longest)
    stream = torch.Generator().manual_seed(derive_seed(seed, "encoder", "weights"))
    weights = torch.randn(len(tokenizer), params.static.width, generator=stream) * _DEVIATION  # (v, d)
    return SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu")


def train_tokenizer(texts: Iterable[str], vocabulary: int, max_tokens: int) -> PreTrainedTokenizerFast:
    """Train a tokenizer from scratch.

    Unigram models come out with other bytes on every run; BPE does not.

    Args:
        texts: training texts, in a fixed order.
        vocabulary: the number of tokens, special ones included.
        max_tokens: the longest input that its model takes.

    Returns:
        The tokenizer, with truncation and padding left to the caller.
    """
    core = Tokenizer(models.BPE())
    core.normalizer = normalizers.NFKC()
    words = pre_tokenizers.Split(Regex(_WORDS), behavior="isolated")
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[AddedToken(token, special=True) for token in SPECIAL],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    core.train_from_iterator(texts, trainer)
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    core.no_truncation()
    core.no_padding()
    return with_special_tokens(core, max_tokens)


def with_special_tokens(core: Tokenizer, max_tokens: int) -> PreTrainedTokenizerFast:
    """Give a tokenizer the roles of XLM-RoBERTa's special tokens.

    Args:
        core: knows SPECIAL.
        max_tokens: the longest input that its model takes.

    Returns:
        The tokenizer as transformers wants it.
    """
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=max_tokens,
    )
