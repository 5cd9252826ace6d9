"""Say what a plan is, whether it is held, in a file, or being drawn."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hbir.batching.rows import Rows

FORMAT = 1
"""Of the columns and the metadata; a reader refuses others."""

PART = 1 << 20
"""Examples of a part: 8 MB while they are drawn, 12 MB as rows of a plan."""


@dataclass(frozen=True, kw_only=True)
class Head(ABC):
    """Say what a plan is, and give its examples once."""

    sampler: str
    alpha: float | list[list[float]] | None
    """Of hybrid and hybrid_rows; None for the others."""
    batch_size: int
    steps: int
    seed: int
    pairs_fingerprint: str
    """SHA-256 of the pairs that the plan was made from."""

    @abstractmethod
    def parts(self) -> Iterator[Rows]:
        """Go through all examples in parts that fit into memory.

        Returns:
            Parts of whole steps, of about a million examples.
        """

    @property
    def metadata(self) -> dict[str, Any]:
        """Return what the file says about itself."""
        names = ("sampler", "alpha", "batch_size", "steps", "seed", "pairs_fingerprint")
        return {"format": FORMAT, **{name: getattr(self, name) for name in names}}


def step_ranges(plan: Head) -> Iterator[tuple[int, int]]:
    """Divide the steps of a plan into parts that fit into memory.

    Args:
        plan: any plan.

    Yields:
        The first step of each part, and the one after its last.
    """
    most = max(1, PART // plan.batch_size)
    for start in range(0, plan.steps, most):
        yield start, min(start + most, plan.steps)
