"""Take the digest of a user's file or folder, and remember those of large files."""

import os
from collections.abc import Iterator
from pathlib import Path

from hbir.core.errors import DataError, ParamsError
from hbir.core.files import read_json, write_json
from hbir.core.hashing import digest, file_digest
from hbir.core.unpacked import refuse_device
from hbir.core.watched import WATCHED, located

LARGE = 1 << 20
"""Bytes from which a digest is remembered."""


class Digests:
    """Remember the digests of large files by their size, times and place on the disk."""

    def __init__(self, path: Path) -> None:
        """Read what is remembered.

        Args:
            path: of the JSON file; a broken one counts as empty.
        """
        self._path = path
        self._known = _read(path)
        self._new: dict[str, str] = {}

    def of(self, named: str, where: str) -> str:
        """Hash a file, or the names and bytes of all files of a folder.

        Args:
            named: the path as in params.yaml, which exists.
            where: the file and key, for a message.

        Returns:
            A SHA-256 in hexadecimal.

        Raises:
            ParamsError: when a folder on the way is a link, into which DVC does not look.
            DataError: when a file cannot be read, or is a pipe or a device.
        """
        path = located(Path(named))
        _refuse_linked_folder(Path(named), path, where)
        refuse_device(path)
        if path.is_file():
            return self._of_file(path, where)
        lines = [
            f"{file.relative_to(path).as_posix()} {self._of_file(file, where)}" for file in _files(path, where)
        ]
        return digest("\n".join(lines))

    def save(self) -> None:
        """Write what was learnt."""
        if self._new:
            write_json(self._path, {**self._known, **self._new})

    def _of_file(self, path: Path, where: str) -> str:
        refuse_device(path)
        try:
            status = path.stat()
            times = f"{status.st_mtime_ns} {status.st_ctime_ns}"  # the first can be set to any other
            place = f"{path.resolve()} {status.st_size} {times} {status.st_ino}"
            if place in self._known:
                return self._known[place]
            found = file_digest(path)
        except OSError as error:
            raise DataError(
                where=f"{where}: {path}",
                expected="a file that can be read",
                found=error.strerror or str(error),
                hint="Check its permissions; where it is a link, whether its target is still there.",
            ) from error
        if status.st_size >= LARGE:
            self._new[place] = found
        return found


def _read(path: Path) -> dict[str, str]:
    try:
        known = read_json(path) if path.is_file() else {}
    except DataError:
        return {}
    return known if isinstance(known, dict) else {}


def _files(folder: Path, where: str) -> Iterator[Path]:
    """List the files below a folder in order, but for hidden ones, which .dvcignore leaves out too."""
    for item in sorted(folder.iterdir()):
        if item.name.startswith("."):
            continue
        if item.is_dir():
            if item.is_symlink():
                raise _linked(item, where)
            yield from _files(item, where)
        else:
            yield item


def _refuse_linked_folder(named: Path, path: Path, where: str) -> None:
    below = len(named.parts) - len(WATCHED[0].parts)
    for folder in (path, *path.parents)[:below]:
        if folder.is_symlink() and folder.is_dir():
            raise _linked(folder, where)


def _linked(folder: Path, where: str) -> ParamsError:
    target = os.path.realpath(folder)
    return ParamsError(
        where=where,
        expected=f"a folder of files, or of links to files, at {folder}",
        found=f"a link to the folder {target}, into which DVC does not look",
        hint=f"Remove the link and run `python -m hbir link {target} {folder}`, which links file by file.",
    )
