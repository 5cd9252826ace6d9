"""Hold what all compositions are made from, and make their walks."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hbir.batching.drawing import Sources
from hbir.batching.inventory import Inventory
from hbir.batching.params import BatchParams
from hbir.batching.pool import Pairing, Pool, same_language
from hbir.batching.query_walk import QueryWalk
from hbir.batching.walk import Walk
from hbir.batching.wide_pools import QueryPool
from hbir.core.errors import PlanError
from hbir.core.seeds import generator

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Setting:
    """Hold what every composition is made from."""

    inventory: Inventory
    params: BatchParams
    seed: int
    quiet: bool = False
    """Whether no warning says which sources are left out."""

    def stream(self, *names: str) -> np.random.Generator:
        """Open a random stream, named by its purpose so that no composition disturbs another.

        Args:
            *names: the purpose.

        Returns:
            The stream.
        """
        return generator(self.seed, "batches", *names)

    def walks(
        self,
        composition: str,
        pairing: Pairing,
        language: str | None = None,
        pool: type[Pool] = Pool,
    ) -> list[Walk]:
        """Make a walk for each source.

        Args:
            composition: its name.
            pairing: which languages may stand on the two sides.
            language: the only one, or None for all.
            pool: what the walks deal, and what two pairs of one batch could collide in.

        Returns:
            The walks in the order of the sources' names, those through empty pools included.
        """
        languages = [language] if language else self.inventory.languages
        suffix = (language,) if language else ()
        return [
            Walk(
                (composition, source, *suffix),
                pool.of(self.inventory, source, languages, pairing),
                self.params.size,
                self.seed,
            )
            for source in self.inventory.sources
        ]

    def query_walks(self, composition: str) -> list[Walk]:
        """Make a walk for each source that deals queries with their passages in all languages.

        Args:
            composition: its name.

        Returns:
            The walks in the order of the sources' names.
        """
        languages = self.inventory.languages
        return [
            QueryWalk(
                (composition, source),
                QueryPool.of(self.inventory, source, languages, same_language),
                self.params.size,
                self.seed,
            )
            for source in self.inventory.sources
        ]

    def sources(self, walks: Sequence[Walk], stream: np.random.Generator) -> Sources:
        """Choose among those walks that can fill a batch.

        Args:
            walks: one per source.
            stream: of the choices.

        Returns:
            The weighted choice.
        """
        require_one(walks)
        left_out = [walk for walk in walks if len(walk.pool) and not (self.quiet or walk.fills)]
        for walk in left_out:
            log.warning("%s is left out: it can fill %d of %d rows", _name(walk), walk.filled, walk.size)
        return Sources([walk for walk in walks if walk.fills], self.params.size_exponent, stream)


def require_one(walks: Sequence[Walk]) -> None:
    """Check that one of some walks can fill a batch.

    Args:
        walks: at least one.

    Raises:
        TooFewPairsError: when none can.
    """
    if not any(walk.fills for walk in walks):
        best = max(walks, key=lambda walk: walk.filled)
        rows = "pairs" if best.pool.widest < 2 else "rows of pairs"
        error = TooFewPairsError(
            where=_name(best),
            expected=f"at least {best.size} {rows} that can stand in one batch",
            found=f"{best.filled} (of {len(best.pool)} pairs)",
            hint="Lower batches.size or add pairs.",
        )
        error.largest = best.filled
        raise error


class TooFewPairsError(PlanError):
    """Report a batch that cannot be filled."""

    largest = 0
    """Rows of a batch that could be filled."""


def _name(walk: Walk) -> str:
    composition, *place = walk.names
    labels = zip(("source", "language"), place, strict=False)
    return ", ".join([f"plan {composition}", *(f"{label} {name}" for label, name in labels)])
