"""Join the processes that a launcher started, so that they do one piece of work and end together."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from sentence_transformers.util import get_device_name
from torch import distributed
from torch.distributed import PrefixStore, Store  # type: ignore[attr-defined]

from hbir.core.errors import RanksError
from hbir.core.place import Place, find_place
from hbir.encoding.rank_faults import Faults, StopAtOnce, others_at_fault, stop_at_once
from hbir.encoding.rank_store import open_store
from hbir.encoding.ranks import ALONE, Ranks

_PATIENCE = timedelta(hours=12)
"""How long one process waits for another that does something alone, such as saving a model. One that is gone is
noticed at once."""


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


def device_of(ranks: Ranks) -> str:
    """Choose where this process computes.

    Args:
        ranks: the processes.

    Returns:
        The best that there is; of several processes each has the GPU of its number on its host, or the CPU.
    """
    if ranks.size == 1:
        return str(get_device_name())
    return f"cuda:{ranks.place.local_rank}" if torch.cuda.is_available() else "cpu"


def _join(place: Place, name: str) -> Store:
    store = open_store(place, name)
    backend = "gloo"
    if torch.cuda.is_available():
        backend = "cpu:gloo,cuda:nccl"
        _require_device(place, name)
        torch.cuda.set_device(place.local_rank)
    with others_at_fault():
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
