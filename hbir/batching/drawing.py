"""Draw batches: from one of several sources, from one language at a time, by a coin."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from hbir.batching.params import HybridParams
from hbir.batching.pool import Example
from hbir.batching.walk import Walk


class Composition(Protocol):
    """Draw batches, one after the other."""

    def draw(self, progress: float) -> list[Example]:
        """Draw the next batch.

        Args:
            progress: share of the steps done, in [0, 1).

        Returns:
            (size,) examples.
        """
        ...


class Sources:
    """Take every batch from one source, its weight ∝ (its pairs)^exponent."""

    def __init__(self, walks: Sequence[Walk], exponent: float, stream: np.random.Generator) -> None:
        """Weigh the sources.

        Args:
            walks: one per source.
            exponent: 0 makes all sources equal, 1 all pairs.
            stream: of the choices.
        """
        weights = np.array([len(walk.pool) for walk in walks]) ** exponent
        self._walks = walks
        self._shares = weights / weights.sum()
        self._stream = stream

    def draw(self, progress: float) -> list[Example]:
        """Draw the next batch; see Composition."""
        place = int(self._stream.choice(len(self._walks), p=self._shares))
        return self._walks[place].next_step()


class Monolingual:
    """Take every batch from one language, all equally often."""

    def __init__(self, languages: Sequence[Sources], stream: np.random.Generator) -> None:
        """Keep the parts.

        Args:
            languages: the sources of each language.
            stream: of the choices.
        """
        self._languages = languages
        self._stream = stream

    def draw(self, progress: float) -> list[Example]:
        """Draw the next batch; see Composition."""
        return self._languages[int(self._stream.integers(len(self._languages)))].draw(progress)


class Hybrid:
    """Toss a coin for every batch between xx and xy."""

    def __init__(
        self, xx: Composition, xy: Composition, params: HybridParams, coin: np.random.Generator
    ) -> None:
        """Keep the parts.

        Args:
            xx: drawn with probability alpha.
            xy: drawn otherwise.
            params: alpha.
            coin: the stream of the tosses.
        """
        self._xx = xx
        self._xy = xy
        self._params = params
        self._coin = coin

    def draw(self, progress: float) -> list[Example]:
        """Draw the next batch; see Composition."""
        heads = self._coin.random() < self._params.alpha_at(progress)
        return (self._xx if heads else self._xy).draw(progress)
