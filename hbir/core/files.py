"""Read and write files so that nothing is half-written and every fault says where it is."""

import errno
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hbir.core.disk_faults import write_faults
from hbir.core.errors import DataError
from hbir.core.temporary import remove_temporaries, temporary_prefix
from hbir.core.unpacked import refuse_device


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Write a file that appears only when it is complete and on the disk.

    Args:
        path: where the file shall be; missing parent folders are made.

    Yields:
        A temporary path beside it; it replaces `path` on success and disappears on any error. Where the process
        is killed, the next one that writes into the folder removes it.

    Raises:
        DataError: when the disk is full, or the file cannot be written.
    """
    with write_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_temporaries(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=temporary_prefix(path))
    os.close(handle)
    temporary = Path(name)
    temporary.chmod(0o644)
    try:
        with write_faults(path):
            yield temporary
            _to_disk(temporary)
            temporary.replace(path)
            _to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Write a folder that appears only when it is complete and on the disk.

    Args:
        path: where the folder shall be; an older one is replaced.

    Yields:
        A temporary folder beside it; it replaces `path` on success and disappears on any error.

    Raises:
        DataError: when the disk is full, or the folder cannot be written.
    """
    with write_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_temporaries(path.parent)
        temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=temporary_prefix(path)))
    temporary.chmod(0o755)
    _UNFINISHED.add(temporary)
    try:
        with write_faults(path):
            yield temporary
            _UNFINISHED.discard(temporary)
            for inner in (*temporary.rglob("*"), temporary):
                _to_disk(inner)
            _replace_folder(temporary, path)
            _to_disk(path.parent)
    finally:
        _UNFINISHED.discard(temporary)
        shutil.rmtree(temporary, ignore_errors=True)


def require_writable(path: Path) -> None:
    """Find out before hours of work whether their result can be written.

    Args:
        path: a file or folder that `atomic_file` or `atomic_folder` is to write later.

    Raises:
        DataError: when it cannot.
    """
    with write_faults(path):
        folder = next(folder for folder in path.absolute().parents if folder.exists())
        with tempfile.TemporaryFile(dir=folder):
            pass


_UNFINISHED: set[Path] = set()
"""Temporary folders that are being filled."""


def _to_disk(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, would survive a power cut."""
    if not _UNFINISHED.isdisjoint((path, *path.parents)):
        return  # what is in an unfinished folder waits once, with the folder
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems have no such thing
            raise
    finally:
        os.close(handle)


def _replace_folder(new: Path, path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    if path.exists():
        old = Path(tempfile.mkdtemp(dir=path.parent, prefix=temporary_prefix(path))) / "old"
        path.replace(old)
        new.replace(path)
        shutil.rmtree(old.parent)
    else:
        new.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, the same bytes for the same value.

    Args:
        path: the file to write.
        value: what `json` can write; NaN and infinity are refused.
    """
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path, *, finite: bool = True) -> Any:
    """Read a JSON file.

    Args:
        path: the file to read.
        finite: whether NaN and infinity are refused, which `write_json` never writes, but other programs do.

    Returns:
        Its value.

    Raises:
        DataError: when the file is missing, no file, or no JSON.
    """
    refuse_device(path)
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text, parse_constant=_finite, parse_float=_finite) if finite else json.loads(text)
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, a number or a nest without end
        raise DataError(where=str(path), expected="JSON", found=str(error)[:300], hint=_RERUN) from error


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(f"{written[:40]}, which is no number of JSON")
    return number


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table as Parquet, the same bytes for the same table.

    Args:
        path: the file to write.
        table: any table; its schema metadata is kept.
    """
    with atomic_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_table(path: Path, schema: pa.Schema | Callable[[Sequence[str]], pa.Schema]) -> pa.Table:
    """Read a Parquet file whose columns are known.

    Args:
        path: the file to read.
        schema: the columns it must have, in order; or what makes them of the names that it has.

    Returns:
        The table, with the file's own schema metadata.

    Raises:
        DataError: when the file is missing, truncated, or has other columns.
    """
    with parquet_faults(path):
        table = pq.read_table(path, use_threads=False)
    schema = schema if isinstance(schema, pa.Schema) else schema(table.column_names)
    _check_columns(path, table.schema, schema)
    return table


def open_parquet(
    path: Path, schema: pa.Schema, dictionaries: Sequence[str] = (), *, mapped: bool = True
) -> pq.ParquetFile:
    """Open a Parquet file to read it row group by row group.

    Args:
        path: the file to read.
        schema: the columns it must have, in order.
        dictionaries: columns to read as dictionaries.
        mapped: whether it is mapped into memory, as is good for what is read in any order; mapped pages count
            as memory of the process.

    Returns:
        The open file; read it within `parquet_faults`.

    Raises:
        DataError: when the file is missing, truncated, or has other columns.
    """
    with parquet_faults(path):
        how = {"memory_map": True} if mapped else {"buffer_size": _READ}
        # Before the file is opened, for then arrow looks for the columns to be read as dictionaries.
        metadata = pq.read_metadata(path, memory_map=mapped)
        _check_columns(path, metadata.schema.to_arrow_schema(), schema)
        return pq.ParquetFile(path, metadata=metadata, read_dictionary=list(dictionaries), **how)


@contextmanager
def parquet_faults(path: Path) -> Iterator[None]:
    """Say which file it is that cannot be read.

    Args:
        path: the file that is read within.

    Yields:
        Nothing.

    Raises:
        DataError: when the file is missing, no file, or no whole Parquet file.
    """
    refuse_device(path)
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        yield
    except pa.ArrowMemoryError:
        raise  # which is not the file's fault
    except (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError) as error:
        raise _unreadable(path, error) from error
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(
            where=str(path), expected="a whole Parquet file", found=str(error), hint=_RERUN
        ) from error


def _check_columns(path: Path, found: pa.Schema, expected: pa.Schema) -> None:
    # Other writers than Arrow's say of a column without nulls that it may have none.
    if _columns(found) != _columns(expected):
        raise DataError(
            where=str(path),
            expected=f"the columns {_columns(expected)}",
            found=_columns(found),
            hint=_RERUN,
        )


_READ = 1 << 20
"""Bytes of a column that are read from a file at once."""
_RERUN = "Delete the file and run `dvc repro`, which makes it again."


def _unreadable(path: Path, error: OSError) -> DataError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        hint = "Run `dvc repro`, which makes it, or check the path."
        return DataError(where=str(path), expected="a file", found="none", hint=hint)
    found = error.strerror.lower() if error.strerror else str(error)
    hint = "Give yourself the right to read it (`ls -ld` shows whose it is), or check the path."
    return DataError(where=str(path), expected="a file that can be read", found=found, hint=hint)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)
