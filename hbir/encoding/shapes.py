"""Say how much an encoder computes, and how much a GPU can: for estimates, and for shares of a card's peak."""

from dataclasses import dataclass

from hbir.encoding.params import EncoderParams

PEAKS = {
    "A100": 312e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "H200": 989e12,
    "L4": 121e12,
    "RTX 4090": 165e12,
}
"""Dense bfloat16 operations per second, by words of torch's name of the card, from NVIDIA's data sheets (half
of the figures "with sparsity")."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Give the sizes of an encoder."""

    layers: int
    width: int
    heads: int
    feed_forward: int
    vocabulary: int
    heads_width: int = 0
    """Of all heads together; 0 where it is the width."""
    gated: bool = False
    """Whether a feed-forward block has a third product, as in mT5."""

    @property
    def layer_weights(self) -> int:
        """Return the weights that every token is multiplied with, without the embedding tables and biases."""
        attention = 4 * self.width * (self.heads_width or self.width)
        return self.layers * (attention + (3 if self.gated else 2) * self.width * self.feed_forward)

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
        width = self.heads_width or self.width
        return 3.0 * tokens * (2 * self.layer_weights + self.layers * 4 * tokens * width)


BASE = Shape(layers=12, width=768, heads=12, feed_forward=3072, vocabulary=250_002)
LARGE = Shape(layers=24, width=1024, heads=16, feed_forward=4096, vocabulary=250_002)
"""XLM-R's."""


def _mt5(layers: int, width: int, heads: int, feed_forward: int) -> Shape:
    return Shape(
        layers=layers,
        width=width,
        heads=heads,
        heads_width=64 * heads,
        feed_forward=feed_forward,
        vocabulary=250_112,
        gated=True,
    )


SHAPES = {
    "xlm-roberta-base": BASE,
    "xlm-roberta-large": LARGE,
    "labse": Shape(layers=12, width=768, heads=12, feed_forward=3072, vocabulary=501_153),
    "mbert": Shape(layers=12, width=768, heads=12, feed_forward=3072, vocabulary=119_547),
    "mt5-small": _mt5(layers=8, width=512, heads=6, feed_forward=1024),
    "mt5-base": _mt5(layers=12, width=768, heads=12, feed_forward=2048),
    "mt5-large": _mt5(layers=24, width=1024, heads=16, feed_forward=2816),
    "multilingual-e5-small": Shape(layers=12, width=384, heads=12, feed_forward=1536, vocabulary=250_037),
    "multilingual-e5-base": BASE,
    "multilingual-e5-large": LARGE,
    "bge-m3": LARGE,
}
"""By the name of a preset, of the encoder alone; from the published configurations."""


def shape_of(params: EncoderParams) -> Shape | None:
    """Find the sizes of an encoder.

    Args:
        params: the section `encoder`.

    Returns:
        Its sizes; None of an encoder that is no preset. One without layers has none.
    """
    tiny = params.tiny
    if params.name == "tiny":
        return Shape(
            layers=tiny.layers,
            width=tiny.width,
            heads=tiny.heads,
            feed_forward=tiny.feed_forward,
            vocabulary=tiny.vocabulary,
        )
    if params.name == "static":
        width = params.static.width
        return Shape(layers=0, width=width, heads=1, feed_forward=0, vocabulary=params.static.vocabulary)
    return SHAPES.get(params.name)
