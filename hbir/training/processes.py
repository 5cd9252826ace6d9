"""Say what is each process's own where several train together: its masks, its log."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import torch

from hbir.core.seeds import derive_seed
from hbir.encoding.ranks import Ranks
from hbir.training.checkpoint import Checkpoints
from hbir.training.progress import log_file


def seed_dropout(seed: int, ranks: Ranks) -> None:
    """Let every process draw its own masks; the first one those of a process that is alone.

    Masks are drawn for a whole chunk of texts, so with dropout another number of processes draws others.

    Args:
        seed: the base seed.
        ranks: the processes.
    """
    rank = ranks.place.rank
    torch.manual_seed(derive_seed(seed, "train", "dropout", *([rank] if rank else [])))


@contextmanager
def logged(path: Path, ranks: Ranks) -> Iterator[None]:
    """Let the first process write a log.

    Args:
        path: the file.
        ranks: the processes.

    Yields:
        Nothing.
    """
    with log_file(path) if ranks.is_first else nullcontext():
        yield


@contextmanager
def locked(checkpoints: Checkpoints, ranks: Ranks) -> Iterator[None]:
    """Let the first process lock the states, and the others wait for it.

    Args:
        checkpoints: the states.
        ranks: the processes.

    Yields:
        Nothing.
    """
    with checkpoints.locked() if ranks.is_first else nullcontext():
        ranks.wait()
        yield
