"""Make folders for what does not fit into memory, inside the project, and remove them whatever happens."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from hbir.core.disk_faults import write_faults
from hbir.core.machine import main_root

SPILL = Path(".hbir") / "spill"
"""Below the main repository."""
_LOCK = "lock"


@contextmanager
def spill_folder() -> Iterator[Path]:
    """Make a temporary folder on the project's disk; those that killed processes left are removed first.

    Yields:
        The folder, which is gone afterwards.

    Raises:
        DataError: when the disk is full, or the folder cannot be written.
    """
    home = main_root() / SPILL
    with write_faults(home):
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / "begin.lock"):
            for old in left_behind(home):
                shutil.rmtree(old, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(dir=home))
            lock = FileLock(folder / _LOCK)
            lock.acquire()
        try:
            yield folder
        finally:
            lock.release()
            shutil.rmtree(folder, ignore_errors=True)


def left_behind(home: Path) -> list[Path]:
    """Find the folders whose processes are gone: the system has released their locks.

    Args:
        home: the folder of them all.

    Returns:
        Those, sorted.
    """
    return [folder for folder in sorted(home.glob("*")) if folder.is_dir() and not _is_held(folder)]


def _is_held(folder: Path) -> bool:
    if not (folder / _LOCK).is_file():
        return False
    try:
        with FileLock(folder / _LOCK, timeout=0):
            return False
    except Timeout:
        return True
