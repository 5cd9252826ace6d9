"""Break a command at its n-th change of a file. `tests.pipeline.preloaded` runs this before the command.

CRASH in the environment is `COMMAND|N|FAULT|FILE`: the file gets a line at the end or at the fault. Changes are
counted by Python's audit events: opening for writing, renaming, removing, making. What C++ libraries write is
behind one that Python opened or renames.
"""

import atexit
import errno
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

FAULTS = ("kill", "power cut", "terminate", "interrupt", "full disk", "exception")
CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
NEEDS_ROOM = ("open", "os.mkdir")


class Crash:
    """Count the changes of files below a folder, and break the n-th."""

    def __init__(self, at: int, fault: str, told: Path) -> None:
        self.count = 0
        self._at, self._fault, self._told = at, fault, told
        self._root = str(Path.cwd())
        self._roots = (self._root, os.environ.get("DVC_ROOT", self._root))  # states lie in the main repository
        self._began = time.time_ns()
        self._synced: set[int] = set()
        self._is_off = False
        os.fsync = self._recorded(os.fsync)
        atexit.register(self._tell, "end")

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event."""
        if self._is_off or not self._changes(event, arguments):
            return
        self.count += 1
        if self._fault == "full disk":  # and stays so
            due = self.count >= self._at and event in NEEDS_ROOM
        else:
            due = self.count == self._at
        if due:
            self._break(event)

    def _changes(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "open":
            path, _, flags = arguments
            return isinstance(flags, int) and bool(flags & WRITES) and self._is_ours(path)
        return event in CHANGES and self._is_ours(arguments[0])

    def _is_ours(self, path: Any) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        text = os.fsdecode(path)
        return not text.startswith("/") or text.startswith(self._roots)

    def _break(self, event: str) -> None:
        self._is_off = True
        self._tell(event)
        if self._fault == "power cut":
            self._cut_what_is_not_on_the_disk()
        while self._fault == "hold" and self._told.exists():  # until it is killed, or the test lets it go on
            time.sleep(0.05)
        if self._fault in ("kill", "power cut"):
            os.kill(os.getpid(), signal.SIGKILL)
        if self._fault == "exception":
            raise RuntimeError("broken on purpose")
        self._is_off = False
        if self._fault == "terminate":
            os.kill(os.getpid(), signal.SIGTERM)
        if self._fault == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
        if self._fault == "full disk":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _tell(self, event: str) -> None:
        was_off, self._is_off = self._is_off, True
        with self._told.open("a", encoding="utf-8") as file:
            file.write(f"{self.count} {event}\n")
        self._is_off = was_off

    def _recorded(self, fsync: Any) -> Any:
        def recorded(handle: int) -> None:
            fsync(handle)
            self._synced.add(os.fstat(handle).st_ino)

        return recorded

    def _cut_what_is_not_on_the_disk(self) -> None:
        """Halve every file that was written since the start and for which nobody waited."""
        for path in Path(self._root).rglob("*"):
            if path.is_file() and not path.is_symlink() and path.suffix != ".db":  # SQLite waits by itself
                about = path.stat()
                if about.st_mtime_ns > self._began and about.st_ino not in self._synced:
                    os.truncate(path, about.st_size // 2)


def install() -> None:
    """Watch this process where CRASH names its command."""
    words, at, fault, told = os.environ["CRASH"].split("|")
    if sys.argv[1:] == words.split():
        sys.addaudithook(Crash(int(at), fault, Path(told)))


if "CRASH" in os.environ:
    install()
