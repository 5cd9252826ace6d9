"""Hand a state on to other processes: its plain values pickled, its tensors as bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed


@dataclass(frozen=True)
class _Drawn:
    """Stand for a tensor that comes behind."""

    shape: tuple[int, ...]
    dtype: torch.dtype


def send(state: Any) -> None:
    """Hand on what this process holds.

    Args:
        state: mappings and lists of tensors on the CPU and of plain values.
    """
    tensors: list[torch.Tensor] = []
    distributed.broadcast_object_list([_without_tensors(state, tensors)])
    for tensor in tensors:
        distributed.broadcast(_bytes(tensor), 0)


def receive() -> Any:
    """Take what the first process sends.

    Returns:
        Its state.
    """
    drawn: list[Any] = [None]
    distributed.broadcast_object_list(drawn)
    return _with_tensors(drawn[0])


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
