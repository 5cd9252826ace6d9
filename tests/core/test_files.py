"""Files: all or nothing, and every fault says where."""

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from hbir.core.disk_faults import write_faults
from hbir.core.errors import DataError
from hbir.core.files import (
    atomic_file,
    atomic_folder,
    read_json,
    read_table,
    require_writable,
    write_json,
    write_table,
)
from hbir.core.hashing import content_id, file_digest, folder_digest
from hbir.core.schemas import PLAN_SCHEMA


def plan_table(rows: int) -> pa.Table:
    return pa.table(
        {
            "step": range(rows),
            "pair_id": range(rows),
            "query_lang": ["de"] * rows,
            "passage_lang": ["fr"] * rows,
        },
        schema=PLAN_SCHEMA,
    )


def test_a_failed_file_leaves_the_old_one(tmp_path: Path):
    path = tmp_path / "a" / "file"
    with atomic_file(path) as temporary:
        temporary.write_text("old")
    with pytest.raises(RuntimeError), atomic_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_folder_leaves_the_old_one(tmp_path: Path):
    path = tmp_path / "folder"
    with atomic_folder(path) as temporary:
        (temporary / "a").write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_folder(path) as temporary:
        (temporary / "b").write_text("half")
        raise KeyboardInterrupt
    assert [p.name for p in tmp_path.rglob("*")] == ["folder", "a"]


def test_a_folder_replaces_the_old_one_whole(tmp_path: Path):
    path = tmp_path / "folder"
    for name in ("a", "b"):
        with atomic_folder(path) as temporary:
            (temporary / name).write_text(name)
    assert [p.name for p in tmp_path.rglob("*")] == ["folder", "b"]


@pytest.mark.parametrize("writer", [atomic_file, atomic_folder])
def test_a_full_disk_says_what_to_do_and_leaves_nothing(tmp_path: Path, writer):
    with pytest.raises(
        DataError, match=r"out: expected room on the disk, found no space left on device. Free some space"
    ):
        with writer(tmp_path / "out"):
            raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0"),
    ],
)
def test_a_full_disk_is_known_however_a_library_says_it(tmp_path: Path, monkeypatch, error):
    """What safetensors and torch really raise on a full file system, neither an OSError."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(DataError, match="expected room on the disk"), atomic_folder(tmp_path / "out"):
        raise error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_disk_is_known_as_tokenizers_says_it(tmp_path: Path):
    """An `Exception` without a class of its own, as the package really raises it."""
    with pytest.raises(DataError, match="expected room on the disk"), write_faults(tmp_path / "tokenizer.json"):
        Tokenizer(WordLevel({"a": 0}, unk_token="a")).save("/dev/full")
    with pytest.raises(KeyError), write_faults(tmp_path):
        raise KeyError("os error 28")


def test_a_runtime_error_with_room_on_the_disk_is_another(tmp_path: Path):
    with pytest.raises(RuntimeError, match="enforce"), atomic_file(tmp_path / "out"):
        raise RuntimeError("[enforce fail]")


def test_another_fault_of_the_system_passes_through(tmp_path: Path):
    with pytest.raises(OSError, match="input/output"), atomic_file(tmp_path / "out"):
        raise OSError(errno.EIO, "input/output error")


def test_a_full_disk_is_known_when_a_folder_is_copied(tmp_path: Path):
    """What shutil.copytree raises: an OSError without a number, and a list of reasons."""
    reasons = [("a", "b", "[Errno 28] No space left on device: 'b'")]
    with (
        pytest.raises(DataError, match="out: expected room on the disk") as caught,
        atomic_folder(tmp_path / "out"),
    ):
        raise shutil.Error(reasons)
    assert "dvc gc" not in str(caught.value)  # it destroys the results of experiments


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
@pytest.mark.parametrize("writer", [atomic_file, atomic_folder])
def test_a_place_that_may_not_be_written_is_named(tmp_path: Path, writer, number):
    (tmp_path / "other").touch()
    with pytest.raises(
        DataError, match=r"other: expected a place that may be written, found [a-z -]+\. Give .*`ls -ld`"
    ):
        with writer(tmp_path / "out"):
            raise OSError(number, os.strerror(number), str(tmp_path / "other"))
    assert list(tmp_path.iterdir()) == [tmp_path / "other"]
    with pytest.raises(DataError, match=r"out: expected a place that may be written"), writer(tmp_path / "out"):
        raise OSError(number, os.strerror(number), str(tmp_path / ".out.temporary"))


@pytest.mark.parametrize("writer", [atomic_file, atomic_folder])
@pytest.mark.parametrize("name", ["models", "models/deep"])
def test_a_file_in_the_way_is_named(tmp_path: Path, writer, name):
    (tmp_path / "models").write_text("no folder")
    with pytest.raises(DataError, match="models.*: expected a free place"), writer(tmp_path / name / "xx"):
        pass


def test_whether_a_place_can_be_written_is_known_before(tmp_path: Path):
    require_writable(tmp_path / "models/xx")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "scores").touch()
    with pytest.raises(DataError, match="scores"):
        require_writable(tmp_path / "scores/xx")


def test_what_is_written_is_on_the_disk_before_it_gets_its_name(tmp_path: Path, monkeypatch):
    done: list[tuple[str, str]] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(handle: int) -> None:
        done.append(("sync", Path(f"/proc/self/fd/{handle}").readlink().name.lstrip(".").split(".")[0]))
        real_sync(handle)

    def replace(self: Path, target: Path) -> Path:
        done.append(("name", target.name))
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    with atomic_file(tmp_path / "file") as temporary:
        temporary.write_text("a")
    assert done == [("sync", "file"), ("name", "file"), ("sync", tmp_path.name)]
    done.clear()
    with atomic_folder(tmp_path / "folder") as temporary:
        (temporary / "inner").mkdir()
        (temporary / "inner/weights").write_text("a")
    *synced, named, parent = done
    assert {name for _, name in synced} == {"inner", "weights", "folder"}
    assert (named, parent) == (("name", "folder"), ("sync", tmp_path.name))


def test_files_in_an_unfinished_folder_wait_once(tmp_path: Path, monkeypatch):
    handles: list[int] = []
    monkeypatch.setattr(os, "fsync", handles.append)
    with atomic_folder(tmp_path / "scores") as temporary:
        for name in ("a", "b"):
            write_json(temporary / f"{name}.json", 1)
        with atomic_folder(temporary / "inner") as inner:
            write_json(inner / "c.json", 1)
    assert len(handles) == 3 + 2 + 1  # files, folders, and the folder that holds the name


def test_a_file_system_without_fsync_is_written_all_the_same(tmp_path: Path, monkeypatch):
    def refuses(_: int) -> None:
        raise OSError(errno.EINVAL, "invalid argument")

    monkeypatch.setattr(os, "fsync", refuses)
    write_json(tmp_path / "a.json", 1)
    assert read_json(tmp_path / "a.json") == 1


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.text(max_size=5)), max_size=20))
def test_tables_come_back_as_they_went(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "plan.parquet"
    ids, texts = [row[0] for row in rows], [row[1] for row in rows]
    table = pa.table(
        {"step": [0] * len(rows), "pair_id": ids, "query_lang": texts, "passage_lang": texts},
        schema=PLAN_SCHEMA,
    )
    write_table(path, table)
    assert read_table(path, PLAN_SCHEMA).equals(table)


def test_the_same_table_gives_the_same_bytes(tmp_path: Path):
    for name in ("a", "b"):
        write_table(tmp_path / name, plan_table(1000))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_truncated_table_is_named(tmp_path: Path):
    path = tmp_path / "plan.parquet"
    write_table(path, plan_table(1000))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(
        DataError, match=r"plan.parquet: expected a whole Parquet file, found .* Delete the file and run"
    ):
        read_table(path, PLAN_SCHEMA)


def test_other_columns_are_named(tmp_path: Path):
    path = tmp_path / "plan.parquet"
    write_table(path, plan_table(3).drop_columns(["step"]))
    with pytest.raises(DataError, match="expected the columns step int32, pair_id int64"):
        read_table(path, PLAN_SCHEMA)


@pytest.mark.parametrize("read", [read_json, lambda path: read_table(path, PLAN_SCHEMA)])
def test_what_cannot_be_read_is_named(tmp_path: Path, read, monkeypatch):
    with pytest.raises(DataError, match=r"expected a file that can be read, found is a directory"):
        read(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="expected a file, found none"):
        read(tmp_path / "file/inside")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_text", denied)
    monkeypatch.setattr(pq, "read_table", denied)
    with pytest.raises(DataError, match="file: expected a file that can be read, found permission denied"):
        read(tmp_path / "file")


@pytest.mark.parametrize("read", [read_json, lambda path: read_table(path, PLAN_SCHEMA)])
def test_a_missing_file_says_how_to_make_it(tmp_path: Path, read):
    with pytest.raises(DataError, match="expected a file, found none. Run `dvc repro`"):
        read(tmp_path / "none")


def test_json_is_sorted_and_refuses_nan(tmp_path: Path):
    path = tmp_path / "a.json"
    write_json(path, {"b": 1, "a": "ü"})
    assert path.read_text() == '{\n  "a": "ü",\n  "b": 1\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, float("nan"))
    assert read_json(path) == {"a": "ü", "b": 1}


def test_broken_json_is_named(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text("{")
    with pytest.raises(DataError, match="a.json: expected JSON"):
        read_json(path)


def test_ids_are_fixed_for_ever():
    """Plans, qrels and splits of every user hang on these values."""
    assert content_id("a", "b") == -554983550909098992
    assert content_id("ab") != content_id("a", "b") != content_id("b", "a")


def test_a_folder_digest_sees_names_and_bytes(tmp_path: Path):
    (tmp_path / "a").write_text("1")
    first = folder_digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    second = folder_digest(tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({first, second, folder_digest(tmp_path)}) == 3
    assert file_digest(tmp_path / "b") == "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35"
