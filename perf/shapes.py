"""Make encoders with XLM-RoBERTa's architecture and random weights."""

import tempfile
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Pooling
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

from hbir.core.files import atomic_folder
from hbir.encoding.model import save_encoder
from hbir.encoding.scratch import SPECIAL, with_special_tokens
from hbir.encoding.shapes import BASE, LARGE, Shape

POSITIONS = 514


SHAPES = {
    "tiny": Shape(layers=2, width=64, heads=2, feed_forward=128, vocabulary=500),
    "base": BASE,
    "large": LARGE,
}
"""By name; base and large are XLM-R's."""


def make_encoder(shape: Shape, folder: Path, longest: int) -> None:
    """Make an encoder that knows the words w5, w6 … as one token each, and save it.

    Args:
        shape: its sizes.
        folder: where to; must not exist.
        longest: the tokens that it reads of a text.
    """
    tokenizer = _tokenizer(shape.vocabulary, longest)
    config = XLMRobertaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=POSITIONS,
        type_vocab_size=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng(devices=[]), tempfile.TemporaryDirectory() as temporary:
        torch.manual_seed(1)
        XLMRobertaModel(config).save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
        transformer = Transformer(temporary, max_seq_length=longest)
    model = SentenceTransformer(modules=[transformer, Pooling(shape.width, "mean")], device="cpu")
    with atomic_folder(folder) as place:
        save_encoder(model, place)


def _tokenizer(vocabulary: int, longest: int) -> PreTrainedTokenizerFast:
    words = SPECIAL + [f"w{number}" for number in range(len(SPECIAL), vocabulary)]
    core = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return with_special_tokens(core, longest)
