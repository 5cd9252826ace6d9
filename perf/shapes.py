"""Make encoders with XLM-RoBERTa's architecture and random weights, and say how much they compute."""

import tempfile
from dataclasses import dataclass
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

POSITIONS = 514


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Give the sizes of an encoder."""

    layers: int
    width: int
    heads: int
    feed_forward: int
    vocabulary: int

    @property
    def layer_weights(self) -> int:
        """Return the weights that every token is multiplied with, without the embedding tables and biases."""
        return self.layers * (4 * self.width**2 + 2 * self.width * self.feed_forward)

    def flops(self, tokens: int) -> float:
        """Count the floating-point operations of one text in a training step.

        Forward, a token takes 2 per weight of the layers, and in each layer 4 · tokens · width for attention's
        two products. Backward takes twice as many. What gradient caching or padding adds does not count.

        Args:
            tokens: of the text.

        Returns:
            3 · tokens · (2 · weights + layers · 4 · tokens · width).

        Source:
            PaLM, arXiv 2204.02311, appendix B.
        """
        return 3.0 * tokens * (2 * self.layer_weights + self.layers * 4 * tokens * self.width)


SHAPES = {
    "tiny": Shape(layers=2, width=64, heads=2, feed_forward=128, vocabulary=500),
    "base": Shape(layers=12, width=768, heads=12, feed_forward=3072, vocabulary=250_002),
    "large": Shape(layers=24, width=1024, heads=16, feed_forward=4096, vocabulary=250_002),
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
