"""Say what to do when a disk refuses to be written."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from hbir.core.errors import DataError


@contextmanager
def write_faults(path: Path) -> Iterator[None]:
    """Turn what a disk refuses into a message that says what to do.

    Args:
        path: what is being written.

    Yields:
        Nothing.

    Raises:
        DataError: when the disk or the quota is full, when the place may not be written, or when something else
            stands there.
    """
    try:
        yield
    except Exception as error:
        number = _error_number(error, path) if _may_be_of_the_disk(error) else 0
        if number not in _REFUSALS:
            raise
        expected, hint = _REFUSALS[number]
        # Not always the path: a file in its way, or one that is read for it. A temporary file is gone by now.
        name = getattr(error, "filename", None)
        where = name if name and os.access(name, os.F_OK) else path
        reason, said = os.strerror(number), " ".join(str(error).split())
        found = reason.lower() if reason in said else f"{reason.lower()} ({said[:120]})"
        raise DataError(where=str(where), expected=expected, found=found, hint=hint) from error


def _may_be_of_the_disk(error: Exception) -> bool:
    """Leave alone what has a class of its own; the package tokenizers raises `Exception` itself."""
    return isinstance(error, OSError | RuntimeError | SafetensorError) or type(error) is Exception


def _error_number(error: Exception, path: Path) -> int:
    """Return the system's number of an error, also of one that a library wrapped; 0 where there is none."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    if number := re.search(r"(?i)\b(?:errno|os error) (\d+)", str(error)):
        return int(number[1])
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    # torch.save says nothing of the disk at all.
    return errno.ENOSPC if shutil.disk_usage(folder).free < _NO_ROOM else 0


_NO_ROOM = 1 << 20
"""Bytes."""
_ROOM = (
    "room on the disk",
    "Free some space there and run the command again, nothing half-written was kept; "
    "`du -sh .dvc/cache .hbir` shows what the project holds.",
)
_PERMISSION = (
    "a place that may be written",
    "Give yourself the right to write there (`ls -ld` shows whose it is), and run the command again.",
)
_FREE_PLACE = (
    "a free place, or a file or folder to replace",
    "Move away what stands there and run the command again.",
)
_REFUSALS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), _ROOM),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _PERMISSION),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR, errno.EISDIR), _FREE_PLACE),
}
"""The system's error numbers, what was expected, and what to do next."""
