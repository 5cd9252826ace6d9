"""Fit how the costs of a pipeline grow with the pairs, and go on to a size that was not measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from perf.growth import exponent
from perf.measured import Cost

TARGET = 4_000_000
"""Pairs that the whole pipeline must take on one machine."""
LIMIT_GB = 6
"""Of memory for the largest process at TARGET, within a machine of 24 GB."""
_NOTICED = 0.1
"""Share of the smallest size's cost from which what is added counts as growth."""


@dataclass(frozen=True)
class Growth:
    """Hold one kind of cost of one stage at several sizes, ascending."""

    sizes: tuple[int, ...]
    costs: tuple[float, ...]

    @property
    def exponent(self) -> float | None:
        """Return k of cost = start + c · size^k; None where it hardly grows, or with less than three sizes.

        The smallest size stands for the start: what is beyond its cost is fitted over the pairs beyond it, so
        that what a process takes at all, such as its imports, does not count. It is exact where k is 1.
        """
        added = [cost - self.costs[0] for cost in self.costs[1:]]
        if len(added) < 2 or added[-1] < _NOTICED * self.costs[0]:
            return None
        return exponent([size - self.sizes[0] for size in self.sizes[1:]], added)

    @property
    def each(self) -> float:
        """Return what a pair adds, between the smallest and the largest size; of one size, all that it cost."""
        if len(self.sizes) < 2:
            return self.costs[0] / self.sizes[0]
        return max(0.0, (self.costs[-1] - self.costs[0]) / (self.sizes[-1] - self.sizes[0]))

    @property
    def steps(self) -> list[float]:
        """Return what a further pair costs between each size and the next, in their order."""
        ends = zip(pairwise(self.sizes), pairwise(self.costs), strict=True)
        return [(after - before) / (large - small) for (small, large), (before, after) in ends]

    def at(self, size: int) -> float:
        """Go on to another size, in a straight line.

        Args:
            size: pairs.

        Returns:
            The cost there.
        """
        return max(0.0, self.costs[-1] + (size - self.sizes[-1]) * self.each)


Runs = Mapping[int, Mapping[str, Cost]]
"""Pairs → stage → cost."""


def growth(runs: Runs, stage: str, kind: str) -> Growth:
    """Pick out one kind of cost.

    Args:
        runs: what was measured.
        stage: its name.
        kind: a field of Cost.

    Returns:
        It, by size.
    """
    sizes = tuple(sorted(runs))
    return Growth(sizes, tuple(getattr(runs[size][stage], kind) for size in sizes))


def altogether(runs: Runs, kind: str) -> Growth:
    """Put one kind of cost together over all stages.

    Args:
        runs: what was measured.
        kind: a field of Cost.

    Returns:
        The sums, by size; of memory the largest.
    """
    sizes, join = tuple(sorted(runs)), max if kind == "memory" else sum
    return Growth(sizes, tuple(join(getattr(cost, kind) for cost in runs[size].values()) for size in sizes))


def names(runs: Runs) -> list[str]:
    """List the stages in their order.

    Args:
        runs: at least one.

    Returns:
        Their names.
    """
    return list(next(iter(runs.values())))


def largest_folder(runs: Runs) -> Growth:
    """Tell how large a project becomes at the most.

    Args:
        runs: what was measured.

    Returns:
        MB, by size.
    """
    sizes = tuple(sorted(runs))
    return Growth(sizes, tuple(max(cost.folder for cost in runs[size].values()) for size in sizes))


def is_within(costs: Sequence[Cost]) -> bool:
    """Tell whether no process was too large.

    Args:
        costs: of any stages.

    Returns:
        Whether all stayed below LIMIT_GB.
    """
    return all(cost.memory < LIMIT_GB * 1000 for cost in costs)
