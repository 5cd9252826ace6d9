"""Read and write files so that nothing is half-written and every fault says where it is."""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hbir.core.errors import DataError


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Write a file that appears only when it is complete.

    Args:
        path: where the file shall be; missing parent folders are made.

    Yields:
        A temporary path beside it; it replaces `path` on success and disappears on any error.
    """
    with told_when_full(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    temporary.chmod(0o644)
    try:
        with told_when_full(path):
            yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Write a folder that appears only when it is complete.

    Args:
        path: where the folder shall be; an older one is replaced.

    Yields:
        A temporary folder beside it; it replaces `path` on success and disappears on any error.
    """
    with told_when_full(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    temporary.chmod(0o755)
    try:
        with told_when_full(path):
            yield temporary
        _replace_folder(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace_folder(new: Path, path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    if path.exists():
        old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.")) / "old"
        path.replace(old)
        new.replace(path)
        shutil.rmtree(old.parent)
    else:
        new.replace(path)


@contextmanager
def told_when_full(path: Path) -> Iterator[None]:
    """Turn a full disk into a message that says what to do.

    Args:
        path: what is being written.

    Yields:
        Nothing.

    Raises:
        DataError: when the disk or the quota is full.
    """
    try:
        yield
    except Exception as error:
        if not _is_full(error, path):
            raise
        raise DataError(
            where=str(path),
            expected="room on the disk",
            found=f"none left ({' '.join(str(error).split())[:80]})",
            hint="Free some space (`dvc gc --workspace` drops old results) and run the command again; "
            "nothing half-written was kept.",
        ) from error


def _is_full(error: Exception, path: Path) -> bool:
    """Tell a full disk, which safetensors and torch report as errors of their own without a number."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    if f"os error {errno.ENOSPC}" in str(error):
        return True
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    return isinstance(error, RuntimeError) and shutil.disk_usage(folder).free < _NO_ROOM


_NO_ROOM = 1 << 20
"""Bytes."""


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, the same bytes for the same value.

    Args:
        path: the file to write.
        value: what `json` can write; NaN and infinity are refused.
    """
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Args:
        path: the file to read.

    Returns:
        Its value.

    Raises:
        DataError: when the file is missing or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _missing(path) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(where=str(path), expected="JSON", found=str(error), hint=_RERUN) from error


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table as Parquet, the same bytes for the same table.

    Args:
        path: the file to write.
        table: any table; its schema metadata is kept.
    """
    with atomic_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a Parquet file whose columns are known.

    Args:
        path: the file to read.
        schema: the columns it must have, in order.

    Returns:
        The table, with the file's own schema metadata.

    Raises:
        DataError: when the file is missing, truncated, or has other columns.
    """
    try:
        table = pq.read_table(path, use_threads=False)
    except FileNotFoundError as error:
        raise _missing(path) from error
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(
            where=str(path), expected="a whole Parquet file", found=str(error), hint=_RERUN
        ) from error
    if not table.schema.equals(schema):
        raise DataError(
            where=str(path),
            expected=f"the columns {_columns(schema)}",
            found=_columns(table.schema),
            hint=_RERUN,
        )
    return table


_RERUN = "Delete the file and run `dvc repro`, which makes it again."


def _missing(path: Path) -> DataError:
    return DataError(
        where=str(path),
        expected="a file",
        found="none",
        hint="Run `dvc repro`, which makes it, or check the path.",
    )


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)
