"""Tell the temporary files of killed processes from those of living ones, and remove the former."""

import os
import platform
import re
import shutil
import zlib
from pathlib import Path

import psutil

_NODE = f"{zlib.crc32(platform.node().encode()):08x}"
"""Of this machine: elsewhere, on a shared disk, the same number is another process."""
_NAME = re.compile(rf"\..+\.{_NODE}-(\d+)-\w+")
_cleaned: set[Path] = set()
"""Folders that this process has looked into."""


def temporary_prefix(path: Path) -> str:
    """Begin the name of a temporary file or folder.

    Args:
        path: which it is to replace.

    Returns:
        A hidden name that says whose it is; `tempfile` adds the rest.
    """
    return f".{path.name}.{_NODE}-{os.getpid()}-"


def remove_temporaries(folder: Path) -> None:
    """Remove what killed processes of this machine left in a folder, once per process.

    Args:
        folder: it exists.
    """
    folder = folder.absolute()
    if folder in _cleaned:
        return
    _cleaned.add(folder)
    for path in folder.iterdir():
        match = _NAME.fullmatch(path.name)
        if match and not psutil.pid_exists(int(match[1])):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
