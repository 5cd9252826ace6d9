"""Notice that a file, or an object in a store, changes while it is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from hbir.core.errors import DataError
from hbir.core.objects.faults import changed
from hbir.core.objects.streams import ObjectFile, Readable
from hbir.core.objects.version import require_recorded, version_of


@contextmanager
def steady(path: Readable) -> Iterator[None]:
    """Check that a file stays as it is, by its size and the time of its last change; an object by its version.

    Args:
        path: a file or link that is read within, or an object; what is no file is not looked at.

    Yields:
        Nothing.

    Raises:
        DataError: when it changed; or an object is another version than the stage `inputs` has seen.
    """
    if isinstance(path, ObjectFile):
        version = version_of(path.url)
        require_recorded(path.url, version)
        yield
        if (now := version_of(path.url)).digest != version.digest:
            raise changed(path.url, now.said)
        return
    before = _state(path)
    yield
    after = _state(path)
    if before is not None and after != before:
        raise DataError(
            where=str(path),
            expected=f"a file that nobody writes to while it is read ({_said(before)})",
            found=f"another one ({_said(after)})" if after else "none any more",
            hint="Run the command again when the file is whole.",
        )


_State = tuple[int, int, int]


def _state(path: Path) -> _State | None:
    """Return size, time in nanoseconds and inode of a file; None where there is none."""
    if not path.is_file():
        return None
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _said(state: _State) -> str:
    return f"{state[0]:,} bytes of {_time(state[1])}"


def _time(nanoseconds: int) -> str:
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):  # a clock that is wrong by thousands of years
        return f"{nanoseconds / 1e9:.3f} seconds"
