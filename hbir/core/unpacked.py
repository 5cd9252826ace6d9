"""Unpack gzip within limits: a small file must not fill the memory, and a pipe must not be waited for."""

import gzip
import stat

from hbir.core.errors import DataError
from hbir.core.objects.streams import Readable

RATIO = 300
"""Unpacked bytes per packed byte at most; texts have 2 to 20, zeros more than 1,000."""
FLOOR = 1 << 28
"""Bytes that any file may unpack to, and that a line of it may have."""


class Unpacked(gzip.GzipFile):
    """Read a gzipped file, of which no more comes out than its size can mean."""

    def __init__(self, path: Readable) -> None:
        """Open the file.

        Args:
            path: a regular file, or an object.
        """
        self._stream = path.open("rb")
        super().__init__(fileobj=self._stream, mode="rb")
        self._path = path
        self._limit = max(FLOOR, RATIO * path.stat().st_size)
        self._place = 0

    def close(self) -> None:
        """Close the packed file, too."""
        super().close()
        self._stream.close()

    def read(self, size: int | None = -1) -> bytes:
        """Read bytes.

        Args:
            size: at most so many; all for a negative number or None.

        Returns:
            The bytes.

        Raises:
            DataError: when more comes out than the limit.
        """
        return self._counted(super().read(self._most(size)))

    def read1(self, size: int = -1) -> bytes:
        """Read what is at hand.

        Args:
            size: at most so many bytes.

        Returns:
            The bytes.

        Raises:
            DataError: when more has come out than the limit.
        """
        return self._counted(super().read1(size))

    def readline(self, size: int | None = -1) -> bytes:
        """Read a line.

        Args:
            size: at most so many bytes; a whole line for a negative number or None.

        Returns:
            The line with its end.

        Raises:
            DataError: when it is longer than `FLOOR`, or more comes out than the limit.
        """
        line = super().readline(min(self._most(size), FLOOR + 1))
        if len(line) > FLOOR:
            raise self._refused(f"a line of more than {FLOOR >> 20:,} MiB")
        return self._counted(line)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place.

        Args:
            offset: in unpacked bytes.
            whence: as for any file.

        Returns:
            The place from the start.
        """
        self._place = super().seek(offset, whence)
        return self._place

    def _most(self, size: int | None) -> int:
        left = self._limit - self._place + 1
        return left if size is None or size < 0 else min(size, left)

    def _counted(self, data: bytes) -> bytes:
        self._place += len(data)
        if self._place > self._limit:
            raise self._refused(f"more than {self._limit >> 20:,} MiB of {self._path.stat().st_size:,} bytes")
        return data

    def _refused(self, found: str) -> DataError:
        return DataError(
            where=str(self._path),
            expected=f"gzip that unpacks to at most {RATIO} times its size, or {FLOOR >> 20} MiB",
            found=found,
            hint="Where it came from may not be trusted. If it may, unpack it and name the unpacked file.",
        )


def refuse_device(path: Readable) -> None:
    """Refuse a pipe or a device, which may never end.

    Args:
        path: a file, or nothing: the reader says so.

    Raises:
        DataError: when it is something else than a file or a folder.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DataError(
            where=str(path),
            expected="a file",
            found="a pipe or a device",
            hint="Write its content to a file, and name that.",
        )
