"""Know which trainings of this project still run, so that a run whose process died does not stay RUNNING."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from hbir.core.hashing import digest

if TYPE_CHECKING:
    from hbir.tracking.store import Store

SUFFIX = ".lock"


class RunningMark:
    """Hold a locked file while a training runs; the system lets it go with the process, however that ends."""

    def __init__(self, store: "Store", run_id: str) -> None:
        """Lock the file of a run.

        Args:
            store: the open store.
            run_id: of the training.
        """
        folder = _folder(store)
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{run_id}{SUFFIX}"
        self._lock = FileLock(self._path, timeout=0)
        with contextlib.suppress(Timeout):  # another process trains the very same run, and marks it
            self._lock.acquire()

    def touch(self) -> None:
        """Note that the training was alive just now."""
        with contextlib.suppress(OSError):  # no training ends for it
            self._path.touch()

    def remove(self) -> None:
        """Let the file go, and remove it."""
        if self._lock.is_locked:
            self._lock.release()
            self._path.unlink(missing_ok=True)


def end_interrupted(store: "Store") -> int:
    """Mark as KILLED what says RUNNING while its process is gone: killed, or its machine lost power.

    Args:
        store: the open store.

    Returns:
        How many runs were marked.
    """
    from mlflow.exceptions import MlflowException

    marked = 0
    for path in sorted(_folder(store).glob(f"*{SUFFIX}")):
        seen = path.stat().st_mtime
        try:
            with FileLock(path, timeout=0):
                run = store.client.get_run(path.stem)
        except Timeout:
            continue  # it runs
        except MlflowException:
            run = None  # somebody removed the run
        if run and run.info.status == "RUNNING":
            # Where the clock was set back since, the time is before the start.
            store.client.set_terminated(path.stem, "KILLED", max(run.info.start_time, round(1000 * seen)))
            marked += 1
        path.unlink(missing_ok=True)
    return marked


def _folder(store: "Store") -> Path:
    """Return where the marks are: each store numbers its runs itself."""
    return store.root / ".hbir" / "running" / digest(store.uri)[:8]
