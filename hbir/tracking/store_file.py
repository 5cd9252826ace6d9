"""Look into the project's own store before MLflow does, which would write into whatever database it finds."""

import sqlite3
from contextlib import closing
from pathlib import Path

from hbir.core.errors import TrackingError
from hbir.core.unpacked import refuse_device

_OWN = "alembic_version"
"""The table of every store of MLflow."""
_VITAL = ("experiments", "runs")
"""Where one of these is gone, MLflow makes an old form of it anew."""


def refuse_other_database(path: Path) -> None:
    """Refuse a database of something else, and what cannot be opened, which MLflow tries for 100 seconds.

    What is no database is left to MLflow, which says so.

    Args:
        path: of `mlflow.db`, whether it exists or not.

    Raises:
        TrackingError: when it cannot be opened, or holds tables and not those of MLflow.
        DataError: when it is a pipe or a device.
    """
    refuse_device(path)
    if path.is_dir():
        raise _refused(path, "a folder")
    if not path.exists() or not path.stat().st_size:
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            query = "SELECT name FROM sqlite_master WHERE type = 'table'"
            tables = [str(name) for (name,) in connection.execute(query)]
    except sqlite3.Error as error:
        if "unable to open" in str(error):  # without a code, where it is the connection that fails
            raise _refused(path, f"a file that cannot be opened ({error})") from error
        return
    if tables and _OWN not in tables:
        raise _refused(path, f"a database of something else, with the table {tables[0]}")
    if tables and (lacking := [name for name in _VITAL if name not in tables]):
        raise _refused(path, f"one that lacks the table {lacking[0]}")


def _refused(path: Path, found: str) -> TrackingError:
    hint = "Move it away, and run `python -m hbir track`."
    return TrackingError(where=str(path), expected="a store of MLflow", found=found, hint=hint)
