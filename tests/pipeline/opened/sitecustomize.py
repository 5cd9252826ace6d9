"""Write down which files of the project a stage opens. Python imports this by its name from PYTHONPATH.

An audit hook sees what Python opens; inotify also sees what Arrow and the tokenizers open in their own code.
DVC opens nothing while it waits for a stage, so whatever is seen is the stage's.
"""

import atexit
import ctypes
import os
import struct
import sys
from pathlib import Path

OPEN, FOLDER = 0x20, 0x40000000
"""Flags of inotify: a file was opened; what was opened is a folder."""
SKIPPED = {".git", ".dvc", ".hbir", ".venv", "__pycache__"}
PASSED_OVER = (".", "#", "__pycache__")
"""How names begin outside the project, of temporary files, and of what Python keeps for itself."""
EVENT = struct.Struct("iIII")
"""Watch, flags, cookie, length of the name that follows."""
stage, log = os.environ.get("DVC_STAGE"), os.environ.get("OPENED_LOG")


def watch() -> None:
    """Start to watch, and write at the end."""
    root = Path.cwd()
    seen: set[str] = set()

    def note(event: str, given: tuple[object, ...]) -> None:
        if event == "open":
            add(seen, given[0])

    sys.addaudithook(note)
    libc = ctypes.CDLL(None, use_errno=True)
    events = libc.inotify_init1(os.O_NONBLOCK) if hasattr(libc, "inotify_init1") else -1
    watches: dict[int, Path] = {}
    for folder, inside, _ in os.walk(root) if events >= 0 else ():
        inside[:] = [name for name in inside if name not in SKIPPED]
        watches[libc.inotify_add_watch(events, folder.encode(), OPEN)] = Path(folder)

    def write() -> None:
        if events >= 0:
            seen.update(map(str, opened(events, watches)))
        mine = {Path(os.path.relpath(path, root)) for path in seen}
        hidden = (path for path in mine if any(part.startswith(PASSED_OVER) for part in path.parts))
        names = sorted(map(str, mine.difference(hidden)))
        with Path(str(log), str(stage)).open("a", encoding="utf-8") as file:
            file.write("".join(f"{name}\n" for name in names))

    atexit.register(write)


def add(seen: set[str], path: object) -> None:
    """Keep the name of a file; a name below an opened folder is seen by inotify alone."""
    if isinstance(path, str) and os.path.isfile(path):  # noqa: PTH113 - a Path would open nothing, but costs more
        seen.add(path)


def opened(events: int, watches: dict[int, Path]) -> list[Path]:
    """Read the events so far."""
    paths: list[Path] = []
    while True:
        try:
            data = os.read(events, 1 << 20)
        except BlockingIOError:
            return paths
        place = 0
        while place < len(data):
            number, flags, _, length = EVENT.unpack_from(data, place)
            name = data[place + EVENT.size : place + EVENT.size + length].rstrip(b"\0").decode()
            place += EVENT.size + length
            if name and not flags & FOLDER and number in watches:
                paths.append(watches[number] / name)


if stage and log:
    watch()
