"""Open the small table of names and values through which processes find each other."""

import os
import time
from datetime import timedelta

from torch.distributed import PrefixStore, Store  # type: ignore[attr-defined]
from torch.distributed.rendezvous import rendezvous

from hbir.core.errors import RanksError
from hbir.core.launch import port_in_use
from hbir.core.place import Place

_PATIENCE = timedelta(minutes=5)
"""How long the first processes wait for the last."""
_IN_USE = ("EADDRINUSE", "already in use")


def open_store(place: Place, name: str) -> Store:
    """Find the other processes.

    Args:
        place: of this one.
        name: of the work, for a message.

    Returns:
        The table that all of them read and write.

    Raises:
        RanksError: when the port is in use, or not all are there in time.
    """
    where = f"{name}: rank {place.rank} of {place.size}"
    port = os.environ["MASTER_PORT"]
    try:
        store, _, _ = next(rendezvous("env://", timeout=_PATIENCE))
        store = PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
        found = _gathered(store, place.size)
    except (RuntimeError, ValueError) as error:
        said = " ".join(str(error).split())
        if any(sign in said for sign in _IN_USE):
            raise port_in_use(where, port) from error
        raise _not_found(where, place.size, said[:200]) from error
    if found > place.size:
        raise port_in_use(where, port)
    if found < place.size:
        raise _not_found(where, place.size, f"{found} after {_PATIENCE.total_seconds():.0f} s")
    return store


def _gathered(store: Store, size: int) -> int:
    """Count the processes until all are there, or the patience is over."""
    found, deadline = store.add("here", 1), time.monotonic() + _PATIENCE.total_seconds()
    while found < size and time.monotonic() < deadline:
        time.sleep(0.02)
        found = store.add("here", 0)
    return int(found)


def _not_found(where: str, size: int, found: str) -> RanksError:
    address = f"{os.environ['MASTER_ADDR']}, port {os.environ['MASTER_PORT']}"
    return RanksError(
        where=where,
        expected=f"{size} processes that find each other at {address}",
        found=found,
        hint="Start all of them, with the same address and port, and let firewalls pass it.",
    )
