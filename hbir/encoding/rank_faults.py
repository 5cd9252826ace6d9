"""Find out which of several processes failed or is gone, and let one of them say so."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from torch import distributed
from torch.distributed import Store  # type: ignore[attr-defined]

from hbir.core.errors import HbirError, RanksError
from hbir.core.place import Place

_GRACE = 5.0
"""Seconds in which every process that is alive says so, once one has failed."""
_PARTS = ("where", "expected", "found", "hint")


class LostError(Exception):
    """Tell that an exchange failed, because another process failed or is gone."""


class StopAtOnce(BaseException):
    """Tell that this process was asked to end, while no step is to be finished."""


@contextmanager
def others_at_fault() -> Iterator[None]:
    """Say of an exchange that fails that another process is at fault.

    Yields:
        Nothing.

    Raises:
        LostError: when it fails.
    """
    try:
        yield
    except RuntimeError as error:
        raise LostError(" ".join(str(error).split())[:300]) from error


class Faults:
    """Settle what all processes end with."""

    def __init__(self, store: Store, place: Place, name: str) -> None:
        """Hold what they share.

        Args:
            store: the table that all of them read.
            place: of this process.
            name: of the work, for a message.
        """
        self._store, self._place, self._name = store, place, name

    def settle(self, error: BaseException) -> BaseException:
        """End the work of all.

        Args:
            error: what this process cannot go on with.

        Returns:
            What to raise: the error that the user should read, by the lowest rank that is left; `SystemExit` by
            the others. An error that nobody expected stays what it is.
        """
        with _deaf():
            try:
                told, speaks = self._exchange(_told(error))
            except RuntimeError:  # the table is gone with the process that holds it
                told, speaks = {}, True
        if not isinstance(error, HbirError | LostError | StopAtOnce):
            return error
        if not speaks:
            return SystemExit(1)
        return self._message(error, told)

    def _exchange(self, mine: dict[str, str]) -> tuple[dict[int, dict[str, str]], bool]:
        """Tell all others, and wait for what they tell: by rank, of those that are alive.

        The lowest of them speaks to the user. Where one was so slow that a higher rank took it for gone, the
        first to ask speaks, and no other.
        """
        self._store.set(str(self._place.rank), json.dumps(mine))
        _leave()
        ranks = range(self._place.size)
        _until(lambda: all(self._store.check([str(rank)]) for rank in ranks))
        there = [rank for rank in ranks if self._store.check([str(rank)])]
        told = {rank: json.loads(self._store.get(str(rank))) for rank in there}
        speaks = min(told) == self._place.rank and self._store.add("speaks", 1) == 1
        read = self._store.add("read", 1)
        if self._place.is_first and read < len(told):  # the table may end with this process
            _until(lambda: self._store.add("read", 0) >= len(told))
        return told, speaks

    def _message(self, error: BaseException, told: dict[int, dict[str, str]]) -> BaseException:
        if not told and isinstance(error, HbirError):
            return error
        failed = [rank for rank, said in told.items() if said]
        if failed and isinstance(error, HbirError) and told[self._place.rank] == told[failed[0]]:
            return error
        if failed:
            return self._of(failed[0], told[failed[0]])
        gone = [rank for rank in range(self._place.size) if rank not in told]
        if isinstance(error, StopAtOnce) and not (told and gone):
            return SystemExit(1)
        return self._gone(error, gone if told else [0])

    def _of(self, rank: int, said: dict[str, str]) -> RanksError:
        parts = dict(zip(_PARTS, (said[part] for part in _PARTS), strict=True))
        return RanksError(**{**parts, "where": f"rank {rank} of {self._place.size}: {parts['where']}"})

    def _gone(self, error: BaseException, gone: list[int]) -> RanksError:
        names = ", ".join(map(str, gone))
        size = self._place.size
        found = f"rank {names} gone" if len(gone) == 1 else f"ranks {names} gone"
        return RanksError(
            where=self._name,
            expected=f"{size} processes until the end",
            found=found if gone else f"a broken connection ({error})",
            hint="Look into the system's log (`dmesg`) for what ended it, as a rule a lack of memory, and run "
            "the same command again: it goes on from what was kept.",
        )


def _until(is_done: Callable[[], bool]) -> None:
    """Wait for something, but not for long."""
    deadline = time.monotonic() + _GRACE
    while not is_done() and time.monotonic() < deadline:
        time.sleep(0.02)


def _told(error: BaseException) -> dict[str, str]:
    """Say what failed here; nothing where it was another process."""
    if isinstance(error, HbirError):
        return {part: getattr(error, part) for part in _PARTS}
    if isinstance(error, LostError | StopAtOnce):
        return {}
    said = f"{type(error).__name__}: {error}"
    hint = "Its own message is above."
    return {"where": "an error in hbir", "expected": "none", "found": said, "hint": hint}


def _leave() -> None:
    """Close the connections, so that nobody waits for this process; a GPU may never answer."""
    thread = threading.Thread(target=distributed.destroy_process_group, daemon=True)
    thread.start()
    thread.join(_GRACE)


@contextmanager
def stop_at_once() -> Iterator[None]:
    """Turn a request to end into an exception, outside of a block that finishes its step first.

    A launcher ends all processes as soon as one is gone; so the others can still say which it was.

    Yields:
        Nothing.

    Raises:
        StopAtOnce: when a signal asks for it.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise StopAtOnce

    with _handled(stop):
        yield


@contextmanager
def _deaf() -> Iterator[None]:
    with _handled(signal.SIG_IGN):
        yield


@contextmanager
def _handled(handler: Any) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
