"""Cut tokenised texts into batches of about one length."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
"""What a transformer is given: texts by tokens."""
_FLAGS = {"modality", "prompt_length", "task"}


class Batch(NamedTuple):
    """Name the texts that go through an encoder together."""

    rows: slice
    """Places among the texts, which are sorted by length."""
    width: int
    """Tokens of the longest."""


def cut(lengths: Sequence[int], most_rows: int, most_tokens: int | None) -> list[Batch]:
    """Cut texts into batches, the longest first.

    Args:
        lengths: (n,) tokens per text, falling.
        most_rows: texts in a batch.
        most_tokens: tokens in a batch, padding included; a longer text has a batch of its own. None: no limit.

    Returns:
        Batches that hold every text once, in order.
    """
    batches, start = [], 0
    while start < len(lengths):
        width = max(1, lengths[start])
        rows = most_rows if most_tokens is None else min(most_rows, max(1, most_tokens // width))
        batches.append(Batch(slice(start, min(start + rows, len(lengths))), width))
        start += rows
    return batches


def is_sliceable(read: dict[str, Any]) -> bool:
    """Say whether what a tokenizer returned can be cut by rows and by width: a rectangle, padded on the right.

    Args:
        read: of texts of several lengths.

    Returns:
        False for bags of tokens, texts without padding in one row, padding on the left, and unknown inputs.
    """
    mask = read.get("attention_mask")
    if mask is None or mask.ndim != 2 or not read.keys() <= INPUTS | _FLAGS:
        return False
    right = torch.arange(mask.shape[1]) < mask.sum(dim=1, keepdim=True)  # (b, width)
    shapes = {tuple(value.shape) for name, value in read.items() if name in INPUTS}
    return len(shapes) == 1 and torch.equal(mask.bool(), right)


def sliced(read: dict[str, Any], rows: torch.Tensor, width: int) -> dict[str, Any]:
    """Take some rows of what a tokenizer returned, without the padding that they do not need.

    Args:
        read: what `is_sliceable` accepts.
        rows: (m,) places.
        width: tokens of the longest of them.

    Returns:
        The same of these rows: (m, width) each, and the flags.
    """
    return {name: value[rows, :width] if name in INPUTS else value for name, value in read.items()}
