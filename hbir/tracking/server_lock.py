"""Let one of several clones at a time change what they share on a tracking server."""

import logging
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hbir.core.errors import TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

HOLDER, ALIVE = "hbir.holder", "hbir.alive"
"""Tags of the lock: which machine holds it, and a number that grows while it does."""
BEAT = 3.0
"""Seconds between two signs of life."""
LEASE = 15.0
"""Seconds without one after which a lock is taken for that of a process that is gone."""
LOOK = 0.2
"""Seconds between two looks at a lock that another holds."""
TAKEN = "RESOURCE_ALREADY_EXISTS"


@contextmanager
def server_lock(client: "MlflowClient", name: str, seconds: float) -> Iterator[None]:
    """Hold a lock that all clones of all machines see which use the server.

    It is a registered model, because of two that make one of the same name at once MLflow refuses one. Where
    the server keeps none, or this user may make none, nothing is locked.

    Args:
        client: of the server.
        name: of the lock.
        seconds: how long to wait for another.

    Yields:
        Nothing.

    Raises:
        TrackingError: when another process holds it for longer.
    """
    if not _take(client, name, seconds):
        yield
        return
    over = threading.Event()
    beating = threading.Thread(target=_beat, args=(client, name, over), daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()
        _release(client, name)


def _take(client: "MlflowClient", name: str, seconds: float) -> bool:
    """Take the lock; False where there can be none."""
    from mlflow.exceptions import MlflowException

    end = time.monotonic() + seconds
    seen, since = "", time.monotonic()
    while True:
        try:
            client.create_registered_model(name, {HOLDER: platform.node(), ALIVE: "0"}, _ABOUT)
            return True
        except MlflowException as error:
            if error.error_code != TAKEN:
                log.debug("%s: not locked: %s", name, error)
                return False
        sign = _sign(client, name)
        if sign != seen:
            seen, since = sign, time.monotonic()
        if time.monotonic() - since > LEASE:
            _release(client, name)
        if time.monotonic() > end:
            raise TrackingError(
                where=name,
                expected=f"a lock that is free within {seconds:g} s",
                found=f"one that {sign.partition(' ')[0]} holds",
                hint="Another clone brings the server up to date. Wait for it, and run `python -m hbir track`.",
            )
        time.sleep(LOOK)


_ABOUT = "Held while a clone of hbir writes what others may write too. If it stays, the next clone removes it."


def _sign(client: "MlflowClient", name: str) -> str:
    """Say who holds a lock and that it lives; empty where it was let go meanwhile."""
    from mlflow.exceptions import MlflowException

    try:
        model = client.get_registered_model(name)
    except MlflowException:
        return ""
    return f"{model.tags.get(HOLDER)} {model.creation_timestamp} {model.tags.get(ALIVE)}"


def _beat(client: "MlflowClient", name: str, over: threading.Event) -> None:
    """Show signs of life until it is over, or the server fails, which whoever holds the lock will notice."""
    from mlflow.exceptions import MlflowException

    number = 0
    while not over.wait(BEAT):
        number += 1
        try:
            client.set_registered_model_tag(name, ALIVE, str(number))
        except MlflowException:
            return


def _release(client: "MlflowClient", name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.delete_registered_model(name)
    except MlflowException as error:
        # The server is gone: the next clone takes the lock for that of a dead process.
        log.debug("%s: not released: %s", name, error)
