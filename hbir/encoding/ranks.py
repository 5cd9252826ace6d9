"""Exchange numbers between the processes that do one piece of work."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import distributed

from hbir.core.errors import RanksError
from hbir.core.place import Place
from hbir.encoding import rank_tensors
from hbir.encoding.rank_faults import others_at_fault

_BYTES = 1 << 25
"""Numbers of small tensors that travel together, in bytes."""
SAME_HOSTS = "Bring all hosts to the same commit, params.yaml and data, and start again."
"""What to do where processes do not work with the same."""
Made = TypeVar("Made")


@dataclass(frozen=True)
class Ranks:
    """Exchange numbers between the processes of one piece of work; alone, nothing is done."""

    place: Place = field(default_factory=Place)

    @property
    def size(self) -> int:
        """Return how many there are."""
        return self.place.size

    @property
    def is_first(self) -> bool:
        """Tell whether this is the one that writes."""
        return self.place.is_first

    def sum(self, numbers: torch.Tensor) -> torch.Tensor:
        """Add up what each process holds.

        Args:
            numbers: of one shape everywhere; changed in place.

        Returns:
            The same tensor.
        """
        if self.size > 1:
            with others_at_fault():
                distributed.all_reduce(numbers)
        return numbers

    def sum_all(self, parts: list[torch.Tensor]) -> None:
        """Add up many tensors, small ones together.

        Args:
            parts: of the same shapes everywhere; changed in place.
        """
        for group in _grouped(parts):
            if len(group) == 1:
                self.sum(group[0])
                continue
            flat = self.sum(torch.cat([part.reshape(-1) for part in group]))
            for part, summed in zip(group, torch.split(flat, [part.numel() for part in group]), strict=True):
                part.copy_(summed.view_as(part))

    def largest(self, number: int) -> int:
        """Agree on the largest of numbers.

        Args:
            number: that of this process.

        Returns:
            The largest of all.
        """
        if self.size == 1:
            return number
        with others_at_fault():
            held = torch.tensor(number)
            distributed.all_reduce(held, distributed.ReduceOp.MAX)
        return int(held)

    def gather(self, value: Any) -> list[Any]:
        """Tell each other something.

        Args:
            value: of this process; what can be pickled.

        Returns:
            That of every process, by rank.
        """
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        with others_at_fault():
            distributed.all_gather_object(values, value)
        return values

    def spread(self, state: Any) -> Any:
        """Hand on what the first process holds.

        Args:
            state: mappings and lists of tensors on the CPU and of plain values; ignored of other processes.

        Returns:
            The first one's.
        """
        if self.size == 1:
            return state
        with others_at_fault():
            if not self.is_first:
                return rank_tensors.receive()
            rank_tensors.send(state)
        return state

    def to_first(self, value: Any) -> list[Any]:
        """Hand something to the first process.

        Args:
            value: of this process; what can be pickled.

        Returns:
            At the first process that of every process, by rank; at the others nothing.
        """
        if self.size == 1:
            return [value]
        values: list[Any] | None = [None] * self.size if self.is_first else None
        with others_at_fault():
            distributed.gather_object(value, values)
        return values or []

    def by_first(self, make: Callable[[], Made]) -> Made:
        """Let the first process do what the others wait for.

        Args:
            make: does it; what it returns can be pickled.

        Returns:
            What the first process made.
        """
        made: Made = self.spread(make() if self.is_first else None)
        return made

    def wait(self) -> None:
        """Wait until all are here."""
        self.largest(0)

    def require_same(self, parts: Mapping[str, Any], name: str, hint: str) -> None:
        """Make sure that all processes do the same work.

        Args:
            parts: by name, what must be equal.
            name: of the work, for a message.
            hint: what to do where it is not.

        Raises:
            RanksError: when a part differs from that of the first process.
        """
        for rank, other in enumerate(every := self.gather(dict(parts))):
            differing = [key for key, value in every[0].items() if other.get(key) != value]
            if differing:
                raise RanksError(
                    where=f"{name}: rank {rank} of {self.size}",
                    expected="what rank 0 works with",
                    found=f"another value of {', '.join(differing)}",
                    hint=hint,
                )


ALONE = Ranks()
"""One process."""


def _grouped(parts: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Part tensors into groups of one type and about `_BYTES`; a large one is alone."""
    group: list[torch.Tensor] = []
    for part in parts:
        size = sum(each.nbytes for each in group) + part.nbytes
        if group and (size > _BYTES or part.dtype != group[0].dtype):
            yield group
            group = []
        group.append(part)
    if group:
        yield group
