"""Keep texts by key in an SQLite file.

Every commit is whole or absent, also after `kill -9`, and several processes may use a file at once.
"""

import errno
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from hbir import __version__
from hbir.core.disk_faults import write_faults
from hbir.core.errors import DataError

FORMAT = 44001
"""What SQLite's `user_version` says of a memory of this layout."""
_LAYOUTS = range(44_000, 45_000)
"""Numbers of this project's layouts, past ones and those to come."""
_CHUNK = 500
"""Keys per query."""
_PATIENCE = 60.0
"""Seconds to wait for another process that is writing; it needs milliseconds."""
_TABLE = """CREATE TABLE entries (
    key BLOB PRIMARY KEY,
    text TEXT NOT NULL,
    truncated INTEGER NOT NULL
) WITHOUT ROWID"""


class Remembered(NamedTuple):
    """Hold a translation."""

    text: str
    truncated: bool = False
    """Whether the source was longer than the model and lost its end."""


class Store:
    """Keep texts under keys in one file, which is opened for each access alone."""

    def __init__(self, path: Path) -> None:
        """Make the file, or make sure that it can be used.

        Args:
            path: of the file; missing folders are made.

        Raises:
            DataError: when it is broken, of another layout, or cannot be written.
        """
        self.path = path
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
        with self._opened():
            pass

    def read(self, keys: Sequence[bytes]) -> Iterator[tuple[bytes, Remembered]]:
        """Look keys up.

        Args:
            keys: any number.

        Yields:
            Each key that is there, and what it holds.

        Raises:
            DataError: when the file cannot be read.
        """
        keys = sorted(keys)  # neighbours lie on the same pages
        with self._opened() as connection:
            for start in range(0, len(keys), _CHUNK):
                chunk = keys[start : start + _CHUNK]
                marks = ",".join("?" * len(chunk))
                query = f"SELECT key, text, truncated FROM entries WHERE key IN ({marks})"
                for key, text, truncated in connection.execute(query, chunk):
                    if not isinstance(text, str):
                        raise self._unusable(_WHOLE, "an entry that is no text")
                    yield key, Remembered(text, bool(truncated))

    def write(self, entries: Mapping[bytes, Remembered]) -> None:
        """Add entries, all or none; a key that is there already keeps what it has.

        Args:
            entries: texts by key.

        Raises:
            DataError: when the disk is full or the file cannot be written.
        """
        rows = [(key, *entry) for key, entry in entries.items()]
        with self._opened() as connection, connection:
            connection.executemany("INSERT OR IGNORE INTO entries VALUES (?, ?, ?)", rows)

    def try_to_write(self) -> None:
        """Begin to write, and take it back.

        Raises:
            DataError: when the disk is full or the file cannot be written.
        """
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            # The lock alone would do in a folder in which no journal can be made.
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            connection.rollback()

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with self._explained():
            connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level="IMMEDIATE")
            with closing(connection):
                if _version(connection) != FORMAT:
                    self._set_up(connection)
                yield connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            version = _version(connection)  # another process may have been first
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if version == 0 and tables == 0:
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version = {FORMAT}")
            elif version != FORMAT:
                raise self._of_another_layout(version)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        with write_faults(self.path):
            try:
                yield
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                # Without a code it is no text that is read; the upper bits tell variants of a fault apart.
                code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
                if code == sqlite3.SQLITE_FULL:
                    raise OSError(errno.ENOSPC, str(error)) from error
                raise self._unusable(self._expected(_EXPECTED.get(code, _WHOLE)), str(error)) from error
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise self._unusable(self._expected(_WRITABLE), str(error)) from error

    def _expected(self, usual: str) -> str:
        """Tell a place that is taken from one that cannot be written."""
        if self.path.is_dir():
            return _FILE
        folder = next((parent for parent in self.path.parents if parent.exists()), self.path.parent)
        return usual if folder.is_dir() else _FOLDER

    def _unusable(self, expected: str, found: str) -> DataError:
        return DataError(where=str(self.path), expected=expected, found=found, hint=_HINTS.get(expected, _MOVE))

    def _of_another_layout(self, version: int) -> DataError:
        if version in _LAYOUTS:
            other = "a newer" if version > FORMAT else "an older"
            found = f"layout {version} of {other} hbir"
            hint = f"Install that hbir, {_ELSEWHERE}; or, at last, {_GONE}"
        else:
            found = "a database of something else"
            hint = f"Move it away, {_ELSEWHERE}."
        expected = f"a translation memory of layout {FORMAT}, which hbir {__version__} reads"
        return DataError(where=str(self.path), expected=expected, found=found, hint=hint)


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


_WHOLE = "a whole translation memory"
_WRITABLE = "a file that can be written"
_FREE = "a file that no other process holds"
_FILE = "a file, or none yet"
_FOLDER = "a folder to keep it in"
_EXPECTED = {
    sqlite3.SQLITE_BUSY: _FREE,
    sqlite3.SQLITE_LOCKED: _FREE,
    sqlite3.SQLITE_READONLY: _WRITABLE,
    sqlite3.SQLITE_CANTOPEN: _WRITABLE,
    sqlite3.SQLITE_PERM: _WRITABLE,
    sqlite3.SQLITE_IOERR: _WRITABLE,
}
_ELSEWHERE = "or name another folder in translate.memory"
_GONE = "delete the file; what it held will be translated again."
_MOVE = f"Move the file away, {_ELSEWHERE}; what it held will be translated again."
_HINTS = {
    _WRITABLE: "Check the disk and its permissions, or name another folder in translate.memory.",
    _FILE: f"Move away the folder that stands there, {_ELSEWHERE}.",
    _FOLDER: f"Move away the file that stands in its place, {_ELSEWHERE}.",
    _FREE: "Wait until the other process has ended, and run the command again.",
}
