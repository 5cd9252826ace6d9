"""A real file system of a few MB, whose room is given and taken while a command's files lie on it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGE = 4096
"""Bytes in which a tmpfs gives room."""
WIDE = 1 << 30


@dataclass(frozen=True)
class SmallDisk:
    """Hold where it is mounted."""

    root: Path

    @property
    def used(self) -> int:
        """Return the bytes that are taken."""
        about = os.statvfs(self.root)
        return (about.f_blocks - about.f_bfree) * about.f_frsize

    def leave(self, free: int) -> None:
        """Let so many bytes be free, and no more."""
        _mount("-o", f"remount,size={self.used // PAGE * PAGE + free // PAGE * PAGE}", str(self.root))

    def forbid(self) -> None:
        """Let nobody write, root neither, who heeds no permissions."""
        _mount("-o", "remount,ro", str(self.root))

    def widen(self) -> None:
        """Make room for everything, and let it be written."""
        _mount("-o", f"remount,rw,size={WIDE}", str(self.root))


@contextmanager
def small_disk() -> Iterator[SmallDisk]:
    """Mount a tmpfs with room for everything, and take it away afterwards.

    Yields:
        The disk.
    """
    if sys.platform != "linux":
        pytest.skip("a small disk is a tmpfs, which Linux has")
    with tempfile.TemporaryDirectory(prefix="hbir-disk-") as folder:
        root = Path(folder).resolve()
        try:
            _mount("-t", "tmpfs", "-o", f"size={WIDE}", "hbir-test", str(root))
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            pytest.skip(f"a small disk cannot be mounted here, which takes the rights of root: {error}")
        try:
            yield SmallDisk(root)
        finally:
            subprocess.run(["umount", "--lazy", str(root)], check=True, capture_output=True)


def _mount(*options: str) -> None:
    subprocess.run(["mount", *options], check=True, capture_output=True, text=True)
