"""Read an object as it comes, without a copy on this machine."""

import io
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, TypeAlias

from hbir.core.objects.faults import connected, explained
from hbir.core.objects.urls import WEB, scheme_of

_BLOCK = 1 << 23
"""Bytes that are asked for at once."""
_BUFFER = 1 << 20


class Status(NamedTuple):
    """Hold what `Path.stat` says that a reader asks for."""

    st_size: int
    """Bytes."""
    st_mode: int = stat.S_IFREG
    """An object is a regular file."""


@dataclass(frozen=True)
class ObjectFile:
    """Name an object, of which a reader asks what it would ask of a path."""

    url: str

    def __str__(self) -> str:
        """Return the URL, for a message."""
        return self.url

    def open(self, mode: Literal["rb"] = "rb") -> BinaryIO:
        """Open it to be read from its start, in blocks; what a web server has is copied, as few give parts.

        Args:
            mode: as for a path.

        Returns:
            A stream that can be sought in; its faults are those that `explained` raises.
        """
        if scheme_of(self.url) in WEB:
            from hbir.core.objects.copies import local_copy  # which writes files, and so needs their readers

            return local_copy(self.url).open(mode)
        system, path = connected(self.url)
        with explained(self.url):
            return io.BufferedReader(_Raw(system.open(path, mode, block_size=_BLOCK), self.url), _BUFFER)

    def stat(self) -> Status:
        """Return its size."""
        system, path = connected(self.url)
        with explained(self.url):
            return Status(int(system.info(path)["size"]))

    def is_dir(self) -> bool:
        """Tell whether the URL is that of a folder."""
        system, path = connected(self.url)
        with explained(self.url):
            return bool(system.isdir(path))

    def is_file(self) -> bool:
        """Tell whether there is such an object."""
        system, path = connected(self.url)
        with explained(self.url):
            return bool(system.isfile(path))


Readable: TypeAlias = Path | ObjectFile
"""What is read from its start to its end: a file of this machine, or an object."""


class _Raw(io.RawIOBase):
    """Give blocks of a stream of fsspec, and explain its faults."""

    def __init__(self, stream: Any, url: str) -> None:
        self._stream, self._url = stream, url

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        with explained(self._url):
            data = self._stream.read(len(view))
        view[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        with explained(self._url):
            return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()
