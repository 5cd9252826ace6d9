"""Make what an encoder takes of rows of the pairs: from token ids that are there, or from the texts."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Router

from hbir.encoding.model import features
from hbir.encoding.prompts import SIDES, Side
from hbir.training.layout import Layout, find_layout
from hbir.training.packing import Packing
from hbir.training.texts import PairTexts
from hbir.training.tokens import Tokens, read_tokens

log = logging.getLogger(__name__)
_SAMPLE = 16
"""Texts on which the token ids are compared with what the library makes of them."""
_PROMPT = "prompt_length"
Text = tuple[Side, int]
"""A text of the pairs: of which side, and in which row."""


class Inputs(ABC):
    """Make features of some rows of the pairs."""

    mixes: bool
    """Whether one forward pass may hold queries and passages."""
    packing: Packing | None = None
    """How texts stand behind one another; None where they are padded to one length."""

    @abstractmethod
    def lengths(self, side: Side, rows: np.ndarray) -> np.ndarray:
        """Tell how long texts are, or about how long.

        Args:
            side: of queries or passages.
            rows: (k,) which.

        Returns:
            (k,) int64 tokens.
        """

    @abstractmethod
    def features(self, texts: Sequence[Text]) -> dict[str, Any]:
        """Make the features of texts.

        Args:
            texts: at least one; of both sides only where `mixes` says so.

        Returns:
            What the encoder takes.
        """


class TextInputs(Inputs):
    """Tokenise every text whenever it comes: for encoders that want more than token ids."""

    mixes = False

    def __init__(self, model: SentenceTransformer, texts: PairTexts) -> None:
        """Hold on to the texts.

        Args:
            model: the encoder.
            texts: of the pairs.
        """
        texts.expect_lookups()
        self._model, self._texts = model, texts

    def lengths(self, side: Side, rows: np.ndarray) -> np.ndarray:
        """Count bytes, of which four make about one token.

        Args:
            side: of queries or passages.
            rows: (k,) which.

        Returns:
            (k,) int64 tokens.
        """
        texts = self._texts.texts(side, rows)
        return np.array([len(text.encode()) // 4 + 2 for text in texts], dtype=np.int64)

    def features(self, texts: Sequence[Text]) -> dict[str, Any]:
        """Tokenise texts.

        Args:
            texts: of one side.

        Returns:
            What the encoder takes.
        """
        side = texts[0][0]
        rows = np.array([row for _, row in texts])
        return features(self._model, self._texts.texts(side, rows), side)


@dataclass
class TokenInputs(Inputs):
    """Gather the token ids of texts that were tokenised once."""

    tokens: dict[Side, Tokens]
    layouts: dict[Side, Layout]
    mixes: bool
    places: np.ndarray | None = None
    """(v,) int32: where the table of tokens in use has each id; None for the encoder's own table."""
    packing: Packing | None = None

    @property
    def count(self) -> int:
        """Return the number of rows of the pairs."""
        return len(self.tokens["query"].ends)

    def lengths(self, side: Side, rows: np.ndarray) -> np.ndarray:
        """Count tokens.

        Args:
            side: of queries or passages.
            rows: (k,) which.

        Returns:
            (k,) int64 tokens.
        """
        return self.tokens[side].lengths(rows)

    def features(self, texts: Sequence[Text]) -> dict[str, Any]:
        """Join ids.

        Args:
            texts: at least one; of both sides only where `mixes` says so.

        Returns:
            What the encoder takes.
        """
        layout = self.layouts[texts[0][0]]
        if self.packing is None:
            return layout.join(self.ids(texts))
        return {**self.packing.join(self.ids(texts)), **layout.flags}

    def ids(self, texts: Sequence[Text]) -> list[np.ndarray]:
        """Look ids up.

        Args:
            texts: which.

        Returns:
            (k,) the ids of each, as the encoder's table has them.
        """
        found = [self.tokens[side].take(row) for side, row in texts]
        return found if self.places is None else [self.places[ids] for ids in found]


def make_inputs(model: SentenceTransformer, texts: PairTexts, folder: Path) -> Inputs:
    """Tokenise the pairs once, where the encoder's features can be made from token ids.

    Args:
        model: the encoder.
        texts: of the pairs.
        folder: where the ids are kept, by tokenizer and pairs.

    Returns:
        The inputs; of texts where the encoder wants more than ids, and the log says so.
    """
    found = {side: find_layout(model, side, _sample(texts, side)) for side in SIDES}
    layouts = {side: layout for side, layout in found.items() if layout is not None}
    if len(layouts) < len(SIDES):
        log.info("every batch is tokenised anew: this encoder takes more than token ids")
        return TextInputs(model, texts)
    mixes = _mixes(model, layouts)
    if mixes:
        layouts = {side: _without_prompt(layout) for side, layout in layouts.items()}
    return TokenInputs(read_tokens(folder, model, layouts, texts), layouts, mixes)


def _sample(texts: PairTexts, side: Side) -> list[str]:
    """Return texts from everywhere, and two whose lengths differ, so that something fills up."""
    rows = np.unique(np.linspace(0, len(texts) - 1, _SAMPLE).astype(np.int64))
    return [*texts.texts(side, rows), "a", "a b c d"]


def _mixes(model: SentenceTransformer, layouts: dict[Side, Layout]) -> bool:
    """Tell whether queries and passages go through the same weights in the same way."""
    parts = list(model.modules())
    if any(isinstance(part, Router) for part in parts):
        return False
    if any(not part.include_prompt for part in parts if isinstance(part, Pooling)):
        return False
    if "task" in getattr(model[0], "_declared_forward_params", ()):
        return False
    query, document = (_without_prompt(layouts[side]) for side in SIDES)
    return query == document


def _without_prompt(layout: Layout) -> Layout:
    """Drop the prompt's length, which only a pooling without the prompt reads."""
    return replace(layout, flags={name: value for name, value in layout.flags.items() if name != _PROMPT})
