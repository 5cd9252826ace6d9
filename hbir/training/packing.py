"""Put texts behind one another, so that nothing is computed on padding."""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.util import batch_to_device
from torch import nn
from transformers import PreTrainedModel

from hbir.encoding.prompts import Side

log = logging.getLogger(__name__)
_REFUSALS = (AttributeError, LookupError, NotImplementedError, RuntimeError, TypeError, ValueError)
"""What an architecture that expects padded texts may answer."""
GROUPS = "text_groups"
"""The feature that tells an attention how many texts of which length follow one another."""
_FLATTENS = "can_flatten_inputs"
"""By what a module of sentence-transformers says that it does."""
Groups = tuple[tuple[int, int], ...]
"""How many texts, and how many tokens each of them has."""


@dataclass(frozen=True)
class Packing:
    """Make the features of texts that stand behind one another, as flash attention takes them too."""

    first: int
    """The position of a text's first token: 0, or the one after the padding's in encoders of RoBERTa's kind."""

    def join(self, rows: Sequence[np.ndarray]) -> dict[str, Any]:
        """Make the features of several texts.

        Args:
            rows: (b,) token ids of each text; those of one length should be neighbours.

        Returns:
            What the encoder's first module takes, on the CPU: ids and positions of shape (1, t), and where each
            text begins and ends.
        """
        lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
        ends = np.cumsum(lengths)
        starts = np.repeat(ends - lengths, lengths)
        bounds = torch.from_numpy(np.concatenate([[0], ends]).astype(np.int32))
        return {
            "input_ids": torch.from_numpy(np.concatenate(rows).astype(np.int64))[None],
            "position_ids": torch.from_numpy(np.arange(len(starts)) - starts + self.first)[None],
            "seq_idx": torch.from_numpy(np.repeat(np.arange(len(rows), dtype=np.int32), lengths))[None],
            "cu_seq_lens_q": bounds,
            "cu_seq_lens_k": bounds,
            "max_length_q": int(lengths.max()),
            "max_length_k": int(lengths.max()),
            GROUPS: groups(lengths),
        }


def groups(lengths: np.ndarray) -> Groups:
    """Count texts of one length that follow one another.

    Args:
        lengths: (b,) tokens of each text.

    Returns:
        The counts and lengths, in order.
    """
    starts = np.flatnonzero(np.diff(lengths, prepend=-1))
    counts = np.diff(starts, append=len(lengths))
    return tuple(zip(counts.tolist(), lengths[starts].tolist(), strict=True))


@contextmanager
def library_pads(model: nn.Module) -> Iterator[None]:
    """Let the library pad texts, which with flash attention it puts behind one another itself.

    Args:
        model: the encoder.

    Yields:
        Nothing; meanwhile its features tell one text from another as those of any attention do.
    """
    flattening = [part for part in model.modules() if getattr(part, _FLATTENS, False)]
    for part in flattening:
        setattr(part, _FLATTENS, False)
    try:
        yield
    finally:
        for part in flattening:
            setattr(part, _FLATTENS, True)


def packs(model: nn.Module, attentions: Collection[str]) -> bool:
    """Tell whether all of an encoder's attentions know packed texts.

    Args:
        model: the encoder.
        attentions: names of those that do.

    Returns:
        False also where it has none.
    """
    transformers = [part for part in model.modules() if isinstance(part, PreTrainedModel)]
    return bool(transformers) and all(part.config._attn_implementation in attentions for part in transformers)


def same_embeddings(
    model: SentenceTransformer, one: dict[str, Any], other: dict[str, Any], side: Side, tolerance: float
) -> bool:
    """Find out whether an encoder gives the same embeddings without padding, by trying it.

    Args:
        model: the encoder.
        one: padded features of some texts.
        other: packed features of the same texts.
        side: of the texts.
        tolerance: the largest distance of two embeddings, by the length of the padded text's.

    Returns:
        False also where it does not take packed texts.
    """
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            expected, found = (_embedded(model, features, side) for features in (one, other))
    except _REFUSALS:
        log.debug("the encoder takes no packed texts", exc_info=True)
        return False
    finally:
        model.train(training)
    return found.shape == expected.shape and bool(
        ((found - expected).norm(dim=-1) <= tolerance * expected.norm(dim=-1)).all()
    )


def _embedded(model: SentenceTransformer, features: dict[str, Any], side: Side) -> torch.Tensor:
    embedded: torch.Tensor = model(batch_to_device(features, model.device), task=side)["sentence_embedding"]
    return embedded.float()


def first_position(model: nn.Module) -> int:
    """Find out where positions begin: in encoders of RoBERTa's kind behind the padding's row of their table.

    Args:
        model: the encoder.

    Returns:
        0, or the position after the padding's.
    """
    tables = [part for name, part in model.named_modules() if name.endswith("position_embeddings")]
    padding = [part.padding_idx for part in tables if isinstance(part, nn.Embedding)]
    return padding[0] + 1 if padding and padding[0] is not None else 0
