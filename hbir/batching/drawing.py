"""Choose for each step which walk makes it: one of several sources, one language at a time, by a coin."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from hbir.batching.examples import Examples
from hbir.batching.params import HybridParams
from hbir.batching.walk import Walk


class Composition(Protocol):
    """Choose a walk for each step, one step after the other."""

    @property
    def walks(self) -> Sequence[Walk]:
        """Return the walks to choose from, each of which can fill a batch."""
        ...

    def choose(self, progress: np.ndarray) -> np.ndarray:
        """Choose the walks of the next steps.

        Args:
            progress: (m,) share of all steps done before each, in [0, 1).

        Returns:
            (m,) positions in `walks`.
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
        self.walks = walks
        self.stream = stream
        weights = np.array([len(walk.pool) for walk in walks]) ** exponent
        ends = np.cumsum(weights / weights.sum())
        self._ends = ends / ends[-1]

    def choose(self, progress: np.ndarray) -> np.ndarray:
        """Choose the next steps' walks; see Composition."""
        return self.at(self.stream.random(len(progress)))

    def at(self, numbers: np.ndarray) -> np.ndarray:
        """Choose walks by random numbers, as `Generator.choice` does.

        Args:
            numbers: (m,) in [0, 1).

        Returns:
            (m,) positions in `walks`.
        """
        return np.searchsorted(self._ends, numbers, side="right")


class Monolingual:
    """Take every batch from one language, all equally often."""

    def __init__(self, languages: Sequence[Sources], stream: np.random.Generator) -> None:
        """Keep the parts.

        Args:
            languages: the sources of each language, all with one stream.
            stream: of the choices of languages.
        """
        self._languages = languages
        self._stream = stream
        self.walks = [walk for sources in languages for walk in sources.walks]

    def choose(self, progress: np.ndarray) -> np.ndarray:
        """Choose the next steps' walks; see Composition."""
        language = self._stream.integers(len(self._languages), size=len(progress))  # (m,)
        numbers = self._languages[0].stream.random(len(progress))  # (m,)
        chosen = np.empty(len(progress), dtype=np.int64)
        start = 0
        for number, sources in enumerate(self._languages):
            steps = language == number
            chosen[steps] = start + sources.at(numbers[steps])
            start += len(sources.walks)
        return chosen


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
        self.walks = [*xx.walks, *xy.walks]

    def choose(self, progress: np.ndarray) -> np.ndarray:
        """Choose the next steps' walks; see Composition."""
        alpha = [self._params.alpha_at(share) for share in progress.tolist()]
        heads = self._coin.random(len(progress)) < alpha  # (m,)
        chosen = np.empty(len(progress), dtype=np.int64)
        chosen[heads] = self._xx.choose(progress[heads])
        chosen[~heads] = len(self._xx.walks) + self._xy.choose(progress[~heads])
        return chosen


def draw(composition: Composition, progress: np.ndarray, size: int) -> Examples:
    """Draw the next batches, those of one walk together.

    Args:
        composition: chooses the walks.
        progress: (m,) share of all steps done before each, in [0, 1).
        size: examples in one batch.

    Returns:
        (m · size,) examples, batch after batch.
    """
    chosen = composition.choose(progress)  # (m,)
    made = Examples.empty(len(chosen) * size)
    order = np.argsort(chosen, kind="stable")
    ends = np.cumsum(np.bincount(chosen, minlength=len(composition.walks)))
    for walk, steps in zip(composition.walks, np.split(order, ends[:-1]), strict=True):
        if len(steps):
            places = steps[:, None] * size + np.arange(size)  # (k, size)
            made.put(places.ravel(), walk.next_steps(len(steps)))
    return made
