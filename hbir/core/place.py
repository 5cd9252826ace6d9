"""Say which of several processes this one is, as `torchrun` and `accelerate launch` tell it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""All of them name a process; some clusters set one or two for other purposes."""


@dataclass(frozen=True)
class Place:
    """Name a process among those that do one piece of work together."""

    rank: int = 0
    """From 0."""
    size: int = 1
    """How many there are on all hosts."""
    local_rank: int = 0
    """From 0 on this host."""
    local_size: int = 1
    """How many there are on this host."""

    @property
    def is_first(self) -> bool:
        """Tell whether it is the one that writes."""
        return self.rank == 0

    def share_of(self, threads: int) -> int:
        """Divide a host's threads.

        Args:
            threads: of one host.

        Returns:
            Those of one process, at least 1.
        """
        return max(1, threads // self.local_size)


ONLY = Place()
"""Of a process that is alone."""


def is_launched(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a launcher started this process and says which one it is.

    Args:
        environment: the variables of this process.

    Returns:
        Also True for the only one.
    """
    return all(environment.get(name) for name in _NEEDED)


def find_place(environment: Mapping[str, str] = os.environ) -> Place:
    """Find out which process this is.

    Args:
        environment: the variables of this process.

    Returns:
        The only one, unless a launcher says otherwise.
    """
    if not is_launched(environment):
        return Place()
    rank, size = int(environment["RANK"]), int(environment["WORLD_SIZE"])
    local_size = int(environment.get("LOCAL_WORLD_SIZE", size))
    return Place(rank, size, int(environment.get("LOCAL_RANK", rank % local_size)), local_size)
