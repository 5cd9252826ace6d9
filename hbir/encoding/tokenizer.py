"""Train a byte-level BPE tokenizer: it knows every character, and comes out with the same bytes every time."""

from collections.abc import Iterable

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
from transformers import PreTrainedTokenizerFast

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
"""In XLM-RoBERTa's order, so that its padding index 1 holds."""

_WORDS = r" ?[\p{L}\p{M}]+| ?\p{N}+| ?[^\s\p{L}\p{M}\p{N}]+|\s+"
"""Words keep their combining marks, which GPT-2's own pattern cuts off (Hindi, Thai, Arabic)."""


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
