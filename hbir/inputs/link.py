"""Bring files from elsewhere into a watched folder as links, which DVC follows file by file."""

import os
from pathlib import Path

from hbir.core.errors import ParamsError
from hbir.core.files import atomic_folder
from hbir.core.watched import WATCHED, is_watched


def link(source: Path, target: Path) -> int:
    """Link a file, or every file of a folder; a link to a folder would not do, for DVC does not look into it.

    Args:
        source: a file or folder anywhere.
        target: where it shall appear, below a watched folder; links made before are replaced.

    Returns:
        The number of links.

    Raises:
        ParamsError: when there is no such source, or the target is elsewhere or holds files of its own.
    """
    if not source.exists():
        raise _error(str(source), "a file or folder", "none", "Check the path.")
    if not is_watched(target):
        watched = ", ".join(map(str, WATCHED))
        raise _error(str(target), f"a path below {watched}", "another", f"Name {WATCHED[0] / source.name}.")
    if source.resolve() == target.resolve() and not target.is_symlink():
        raise _error(str(target), "another place than the source's", "the same", "It is there already.")
    _refuse_files(target)
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.symlink_to(source.resolve())
        return 1
    with atomic_folder(target) as folder:
        return _mirror(source.resolve(), folder)


def _mirror(source: Path, target: Path) -> int:
    count = 0
    for directory, folders, names in os.walk(source, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside = target / Path(directory).relative_to(source)
        inside.mkdir(exist_ok=True)
        for name in sorted(names):
            if not name.startswith("."):
                (inside / name).symlink_to((Path(directory) / name).resolve())
                count += 1
    return count


def _refuse_files(target: Path) -> None:
    """Keep what is no link: it would be lost."""
    items = [target] if target.is_file() or target.is_symlink() else target.rglob("*")
    for item in items:
        if item.is_file() and not item.is_symlink():
            raise _error(
                str(target), "nothing, or links alone", f"the file {item}", "Name another place, or move it."
            )


def _error(where: str, expected: str, found: str, hint: str) -> ParamsError:
    return ParamsError(where=where, expected=expected, found=found, hint=hint)
