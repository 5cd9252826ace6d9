"""Let several processes do one piece of work: exchange numbers, and end together."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import torch
from torch import distributed
from torch.distributed import PrefixStore, Store  # type: ignore[attr-defined]

from hbir.core.errors import RanksError
from hbir.core.place import Place, find_place
from hbir.encoding.rank_faults import Faults, LostError, StopAtOnce, stop_at_once
from hbir.encoding.rank_store import open_store

_PATIENCE = timedelta(hours=12)
"""How long one process waits for another that does something alone, such as saving a model. One that is gone is
noticed at once."""
_BYTES = 1 << 25
"""Numbers of small tensors that travel together, in bytes."""


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
            with _others():
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
        with _others():
            held = torch.tensor(number)
            distributed.all_reduce(held, distributed.ReduceOp.MAX)
        return int(held)

    def gather(self, value: Any) -> list[Any]:
        """Tell each other something small.

        Args:
            value: of this process; what can be pickled.

        Returns:
            That of every process, by rank.
        """
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        with _others():
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
        tensors: list[torch.Tensor] = []
        drawn = [_without_tensors(state, tensors) if self.is_first else None]
        with _others():
            distributed.broadcast_object_list(drawn)
            if self.is_first:
                for tensor in tensors:
                    distributed.broadcast(_bytes(tensor), 0)
                return state
            return _with_tensors(drawn[0])

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


@contextmanager
def joined(name: str) -> Iterator[Ranks]:
    """Join the processes that a launcher started, if there are several.

    Where one cannot go on, all end within seconds, and the lowest rank that is left says why; only that one
    raises an error for the user.

    Args:
        name: of the work, for a message.

    Yields:
        What exchanges numbers between them.

    Raises:
        RanksError: when they do not find each other, or one of them is gone.
    """
    place = find_place()
    if place.size == 1:
        yield ALONE
        return
    logger = logging.getLogger("hbir")
    level = logger.level
    with stop_at_once():
        faults = Faults(_join(place, name), place, name)
        if not place.is_first:
            logger.setLevel(logging.ERROR)
        try:
            yield (ranks := Ranks(place))
            ranks.wait()
        except KeyboardInterrupt:
            raise  # all of them stop, as they agreed
        except (Exception, StopAtOnce) as error:
            raise faults.settle(error) from error
        finally:
            logger.setLevel(level)
        distributed.destroy_process_group()


def _join(place: Place, name: str) -> Store:
    store = open_store(place, name)
    backend = "gloo"
    if torch.cuda.is_available():
        backend = "cpu:gloo,cuda:nccl"
        _require_device(place, name)
        torch.cuda.set_device(place.local_rank)
    with _others():
        distributed.init_process_group(
            backend,
            store=PrefixStore("group", store),
            rank=place.rank,
            world_size=place.size,
            timeout=_PATIENCE,
        )
    return PrefixStore("faults", store)


def _require_device(place: Place, name: str) -> None:
    if place.local_rank >= torch.cuda.device_count():
        raise RanksError(
            where=f"{name}: rank {place.rank} of {place.size}",
            expected=f"a GPU for each of {place.local_size} processes on this host",
            found=f"{torch.cuda.device_count()}",
            hint="Start fewer processes, or name more GPUs in CUDA_VISIBLE_DEVICES.",
        )


@contextmanager
def _others() -> Iterator[None]:
    """Say of an exchange that fails that another process is at fault."""
    try:
        yield
    except RuntimeError as error:
        raise LostError(" ".join(str(error).split())[:300]) from error


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


@dataclass(frozen=True)
class _Drawn:
    """Stand for a tensor that comes behind."""

    shape: tuple[int, ...]
    dtype: torch.dtype


def _without_tensors(state: Any, tensors: list[torch.Tensor]) -> Any:
    if isinstance(state, torch.Tensor):
        tensors.append(state)
        return _Drawn(tuple(state.shape), state.dtype)
    if isinstance(state, Mapping):
        return {key: _without_tensors(value, tensors) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)([_without_tensors(value, tensors) for value in state])
    return state


def _with_tensors(drawn: Any) -> Any:
    if isinstance(drawn, _Drawn):
        tensor = torch.empty(drawn.shape, dtype=drawn.dtype)
        distributed.broadcast(_bytes(tensor), 0)
        return tensor
    if isinstance(drawn, Mapping):
        return {key: _with_tensors(value) for key, value in drawn.items()}
    if isinstance(drawn, list | tuple):
        return type(drawn)([_with_tensors(value) for value in drawn])
    return drawn


def _bytes(tensor: torch.Tensor) -> torch.Tensor:
    """View a tensor as its bytes, which every way of exchange takes."""
    return tensor.contiguous().view(-1).view(torch.uint8)


def dealt(lengths: np.ndarray, place: Place, turned: bool = False) -> np.ndarray:
    """Choose the texts of one process, so that all have about as many, and as many tokens.

    They are dealt by length, as cards are. A rank has one text more than another at most, or none where there
    are fewer texts than ranks.

    Args:
        lengths: (n,) tokens of each text.
        place: of the process.
        turned: whether the last rank gets the first card.

    Returns:
        Places of its texts, ascending by length.
    """
    rank = place.size - 1 - place.rank if turned else place.rank
    return np.argsort(lengths, kind="stable")[rank :: place.size]
