"""Say how an encoder wants the token ids of several texts, and take its features apart and together again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer

from hbir.encoding.model import features
from hbir.encoding.prompts import Side

_IDS, _MASK, _TYPES, _OFFSETS = "input_ids", "attention_mask", "token_type_ids", "offsets"


@dataclass(frozen=True)
class Layout:
    """Describe the features of one side: ids padded to one width, or all behind one another."""

    flat: bool
    """Whether they stand behind one another, with `offsets`, as static embeddings want them."""
    pad: int
    """What fills up; 0 where nothing does."""
    left: bool
    """Whether it fills up on the left."""
    types: bool
    """Whether there are token types, all of them 0."""
    flags: dict[str, Any]
    """What the encoder's modules tell one another, such as the length of the prompt."""

    def join(self, rows: Sequence[np.ndarray]) -> dict[str, Any]:
        """Make the features of several texts.

        Args:
            rows: (b,) token ids of each text.

        Returns:
            What the encoder's first module takes, on the CPU.
        """
        lengths = np.fromiter((len(row) for row in rows), dtype=np.int64, count=len(rows))
        if self.flat:
            ids = torch.from_numpy(np.concatenate(rows).astype(np.int64))
            starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
            return {_IDS: ids, _OFFSETS: torch.from_numpy(starts), **self.flags}
        filled: np.ndarray = np.arange(lengths.max(initial=0)) < lengths[:, None]  # (b, l)
        mask = filled[:, ::-1] if self.left else filled
        padded = np.full(mask.shape, self.pad, dtype=np.int64)
        padded[mask] = np.concatenate(rows)
        made: dict[str, Any] = {
            _IDS: torch.from_numpy(padded),
            _MASK: torch.from_numpy(mask.astype(np.int64)),
        }
        if self.types:
            made[_TYPES] = torch.zeros_like(made[_IDS])
        return {**made, **self.flags}


def split(read: dict[str, Any]) -> list[np.ndarray]:
    """Take the features of several texts apart.

    Args:
        read: what `hbir.encoding.model.features` returned.

    Returns:
        (b,) token ids of each text, int32, without what fills up.
    """
    ids = read[_IDS].numpy().astype(np.int32)
    if _OFFSETS in read:
        return np.split(ids, read[_OFFSETS].numpy()[1:])
    mask = read[_MASK].numpy().astype(bool)
    return [row[kept] for row, kept in zip(ids, mask, strict=True)]


def find_layout(model: SentenceTransformer, side: Side, sample: Sequence[str]) -> Layout | None:
    """Find out how an encoder wants its token ids, and make sure that its features can be made from them.

    Args:
        model: the encoder.
        side: queries or passages.
        sample: some texts, not all of one length.

    Returns:
        The layout; None where the encoder wants more than ids, a text's ids depend on its neighbours, or the
        sample does not show what fills up.
    """
    read = features(model, sample, side)
    flags = {name: value for name, value in read.items() if not isinstance(value, torch.Tensor)}
    if read.keys() - flags.keys() not in ({_IDS, _OFFSETS}, {_IDS, _MASK}, {_IDS, _MASK, _TYPES}):
        return None
    if _MASK in read and bool(read[_MASK].all()):
        return None
    layout = _described(read, flags)
    alone = [row for text in sample for row in split(features(model, [text], side))]
    return layout if _same(layout.join(alone), read) else None


def _described(read: dict[str, Any], flags: dict[str, Any]) -> Layout:
    if _OFFSETS in read:
        return Layout(flat=True, pad=0, left=False, types=False, flags=flags)
    ids, padding = read[_IDS], read[_MASK] == 0
    left = bool(padding[:, 0].any())
    return Layout(flat=False, pad=int(ids[padding][0]), left=left, types=_TYPES in read, flags=flags)


def _same(made: dict[str, Any], read: dict[str, Any]) -> bool:
    return made.keys() == read.keys() and all(_equal(value, read[name]) for name, value in made.items())


def _equal(made: Any, read: Any) -> bool:
    if isinstance(made, torch.Tensor):
        return torch.equal(made, read.to(made.dtype))
    return bool(made == read)
