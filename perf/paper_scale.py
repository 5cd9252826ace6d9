"""Estimate what a training of the paper's size costs, with the arithmetic shown."""

from collections.abc import Sequence
from textwrap import fill

from hbir.encoding.shapes import Shape
from perf.growth import Grown
from perf.shapes import SHAPES

PAIRS, PASSAGES = 44e6, 106e6
"""Of the paper's training data, and of MIRACL's corpora together."""
QUERY_TOKENS, PASSAGE_TOKENS = 16, 96
"""Assumed mean lengths; the limits are 32 and 128."""
PEAK, MFU = 312e12, 0.45
"""Dense bfloat16 operations per second of an A100 (its data sheet), and the share of it that is assumed to be
used. No GPU was at hand: it is the goal of `perf.gpu`, not a measurement."""
GPUS = 8
EMBEDDING_BYTES, WEIGHT_BYTES = 2, 16
"""Of a kept number, float16; of a weight in training: itself, its gradient and AdamW's two moments."""
BATCH = 100


def hours(operations: float) -> float:
    """Divide operations by what a GPU is assumed to do.

    Args:
        operations: floating-point ones.

    Returns:
        Hours on one GPU.
    """
    return operations / (PEAK * MFU) / 3600


def weights(shape: Shape) -> int:
    """Count an encoder's weights.

    Args:
        shape: its sizes.

    Returns:
        Those of layers and tokens; positions, norms and biases are less than 1 %.
    """
    return shape.layer_weights + shape.vocabulary * shape.width


def text(grown: Sequence[Grown]) -> str:
    """Write the estimate.

    Args:
        grown: what was measured on a CPU, for plans and search.

    Returns:
        Markdown.
    """
    rows = [_row(name) for name in ("base", "large")]
    lines = [
        f"**One training on {PAIRS / 1e6:.0f} million pairs, once through, and {PASSAGES / 1e6:.0f} million "
        "passages embedded**, estimated:",
        "",
        f"| encoder | TFLOP per pair | training, one GPU | {GPUS} GPUs | embedding, one GPU | {GPUS} GPUs "
        "| embeddings on the disk | weights and AdamW |",
        "|---" * 8 + "|",
        *rows,
        "",
        "- Operations per text: `3 · tokens · (2 · weights of the layers + layers · 4 · tokens · width)` for "
        "training, a third of it for embedding (`hbir/encoding/shapes.py`).",
        f"- Assumed: queries of {QUERY_TOKENS} tokens and passages of {PASSAGE_TOKENS}; "
        f"{PEAK / 1e12:.0f} TFLOP/s, an A100's bfloat16 peak; {MFU:.0%} of it used. "
        "Nothing of this was measured; [the one GPU so far](how-to/gpu.md#see-how-fast-it-trains) used 7% of "
        "its peak.",
        f"- Hours: `{PAIRS:.3g} · operations per pair / ({PEAK:.3g} · {MFU} · 3600)`, and with {GPUS} GPUs "
        f"the same by {GPUS}: as many samplers or seeds at a time, or one training on all of them, which takes "
        "longer by its exchange of gradients.",
        f"- Disk: `{PASSAGES:.3g} · width · {EMBEDDING_BYTES}` bytes. Weights and AdamW: `{WEIGHT_BYTES} · "
        "weights`.",
    ]
    return "\n".join(_wrapped(line) for line in lines + _from_cpu(grown))


def _wrapped(line: str) -> str:
    return line if line.startswith("|") else fill(line, 100, subsequent_indent="  " * line.startswith("-"))


def _row(name: str) -> str:
    shape = SHAPES[name]
    per_pair = shape.flops(QUERY_TOKENS) + shape.flops(PASSAGE_TOKENS)
    training, embedding = hours(PAIRS * per_pair), hours(PASSAGES * shape.flops(PASSAGE_TOKENS) / 3)
    disk = PASSAGES * shape.width * EMBEDDING_BYTES / 1e9
    memory = WEIGHT_BYTES * weights(shape) / 1e9
    return (
        f"| XLM-R {name} | {per_pair / 1e12:.3f} | {training:.1f} h | {training / GPUS:.1f} h "
        f"| {embedding:.1f} h | {embedding / GPUS:.1f} h | {disk:.0f} GB | {memory:.1f} GB |"
    )


def _from_cpu(grown: Sequence[Grown]) -> list[str]:
    """Say what follows from the measurements on a CPU."""
    from perf.bench_search import DIMENSION, QUERIES  # whose imports are not to be measured

    sizes = {"plans": PAIRS / BATCH, "search": PASSAGES}
    names = {
        "plans": f"the plan of one sampler, {PAIRS / BATCH:,.0f} steps of {BATCH}",
        "search": f"{QUERIES:,} queries in {PASSAGES / 1e6:.0f} million passages of {DIMENSION} numbers, no "
        "real encoder",
    }
    return [
        f"- On the CPU above, if it goes on as between the two largest sizes: {names[key]}: "
        f"{each.seconds_at(size) / 60:.1f} minutes (`{each.seconds[-1]:.3g} s + "
        f"({size:,.0f} - {each.sizes[-1]:,}) · {1e6 * each.seconds_each:.1f} μs`)."
        for key, size in sizes.items()
        for each in grown
        if each.name.startswith(key)
    ]
