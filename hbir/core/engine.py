"""Sort and join tables that are larger than the memory, by DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hbir.core.errors import DataError, HbirError, ParamsError

if TYPE_CHECKING:
    import duckdb

_THREADS = 2
"""Each needs memory of its own; more do not sort faster where little of it is allowed."""


class Engine:
    """Run queries over Parquet files; whatever does not fit into the memory goes to a folder."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", folder: Path) -> None:
        """Hold an open connection.

        Args:
            connection: with its limits set.
            folder: where it spills, for errors.
        """
        self._connection = connection
        self._folder = folder

    def write(self, query: str, path: Path, **files: Path) -> None:
        """Write what a query finds as Parquet.

        Args:
            query: SQL; its order must be of unique keys, so that it is the same in every run.
            path: the file to write.
            **files: name in braces in the query → a Parquet file.

        Raises:
            DataError: when the disk is full.
            ParamsError: when the memory is too little.
        """
        named = {name: f"read_parquet({_quoted(file)})" for name, file in files.items()}
        copy = f"COPY ({query.format(**named)}) TO {_quoted(path)} (FORMAT parquet, ROW_GROUP_SIZE 8192)"
        import duckdb

        try:
            self._connection.execute(copy)
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise _explained(error, self._folder) from error


@contextmanager
def engine(folder: Path, memory: int) -> Iterator[Engine]:
    """Start the engine.

    Args:
        folder: an existing one, for what does not fit into the memory.
        memory: bytes that it may take.

    Yields:
        The engine.
    """
    import duckdb  # small collections never need it, and it takes a tenth of a second

    limits: dict[str, str | int | float | list[str]] = {
        "memory_limit": f"{memory}B",
        "temp_directory": str(folder / "engine"),
        "threads": _THREADS,
        "preserve_insertion_order": False,
    }
    with duckdb.connect(":memory:", config=limits) as connection:
        yield Engine(connection, folder)


_FULL = ("No space left", "max_temp_directory_size", "write all bytes", "Disk quota")


def _quoted(path: Path) -> str:
    text = str(path).replace("'", "''")
    return f"'{text}'"


def _explained(error: Exception, folder: Path) -> HbirError:
    said = " ".join(str(error).split())
    if any(
        sign in said for sign in ("No space left", "max_temp_directory_size", "write all bytes", "Disk quota")
    ):
        return DataError(
            where=str(folder),
            expected="room on the disk for what does not fit into the memory",
            found=f"a full disk ({said[:120]})",
            hint="Free some space there, or raise `resources.memory`, and run the command again: nothing "
            "half-written was kept.",
        )
    return ParamsError(
        where="params.yaml: resources.memory",
        expected="memory enough to sort in",
        found=said[:160],
        hint="Raise it.",
    )
