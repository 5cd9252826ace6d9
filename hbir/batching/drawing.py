"""Choose for each step which walk makes it: one of several sources, one language at a time, by a coin."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from hbir.batching.examples import Examples
from hbir.batching.params import HybridParams
from hbir.batching.walk import Walk


class Composition(ABC):
    """Choose a walk for each step, one step after the other."""

    walks: Sequence[Walk]
    """What to choose from; each can fill a batch."""

    @abstractmethod
    def choose(self, progress: np.ndarray) -> np.ndarray:
        """Choose the walks of the next steps.

        Args:
            progress: (m,) share of all steps done before each, in [0, 1).

        Returns:
            (m,) positions in `walks`.
        """

    def settle(self, examples: Examples, progress: np.ndarray) -> Examples:
        """Decide what the walks leave open; nothing, as a rule.

        Args:
            examples: (m · size,) of the next steps.
            progress: (m,) share of all steps done before each, in [0, 1).

        Returns:
            (m · size,) examples, in their places.
        """
        return examples


class Sources(Composition):
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


class Monolingual(Composition):
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


class Hybrid(Composition):
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
        heads = self._coin.random(len(progress)) < alphas(self._params, progress)  # (m,)
        chosen = np.empty(len(progress), dtype=np.int64)
        chosen[heads] = self._xx.choose(progress[heads])
        chosen[~heads] = len(self._xx.walks) + self._xy.choose(progress[~heads])
        return chosen


class HybridRows(Composition):
    """Toss a coin for every row: its passage changes to the language of its query, or it does not.

    The walks deal the same pairs and the same queries whatever alpha is, so plans of different alphas differ in
    the languages of passages alone.
    """

    def __init__(self, xy: Composition, params: HybridParams, coin: np.random.Generator) -> None:
        """Keep the parts.

        Args:
            xy: rows in two languages, from walks through an `EitherPool`.
            params: alpha.
            coin: the stream of the tosses.
        """
        self._xy = xy
        self._params = params
        self._coin = coin
        self.walks = xy.walks

    def choose(self, progress: np.ndarray) -> np.ndarray:
        """Choose the next steps' walks; see Composition."""
        return self._xy.choose(progress)

    def settle(self, examples: Examples, progress: np.ndarray) -> Examples:
        """Put query and passage of some rows into one language; see Composition."""
        tosses = self._coin.random((len(progress), len(examples) // len(progress)))  # (m, size)
        heads = (tosses < alphas(self._params, progress)[:, None]).ravel()
        passage_langs = np.where(heads, examples.query_langs, examples.passage_langs)
        return Examples(examples.rows, examples.query_langs, passage_langs)


def alphas(params: HybridParams, progress: np.ndarray) -> np.ndarray:
    """Look up the alphas of steps.

    Args:
        params: alpha, or its schedule.
        progress: (m,) share of all steps done before each, in [0, 1).

    Returns:
        (m,) probabilities.
    """
    return np.array([params.alpha_at(share) for share in progress.tolist()])


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
    return composition.settle(made, progress)
