from pathlib import Path

import pytest

from hbir.core.machine import environment, main_root, read_record, record_path, write_record


def test_the_root_is_the_nearest_folder_with_dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DVC_ROOT", raising=False)
    (tmp_path / "project/.dvc").mkdir(parents=True)
    (tmp_path / "project/a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project/a/b")
    assert main_root() == tmp_path / "project"


def test_dvc_names_the_root_in_a_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "queued/.dvc").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "queued")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "main"))
    assert main_root() == tmp_path / "main"


def test_without_dvc_the_root_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main_root() == tmp_path


def test_a_record_comes_back(tmp_path: Path):
    assert read_record(tmp_path, "ab12") is None
    record = {"seconds": 1.5, "pairs_per_second": [{"step": 10, "value": 612.0}], **environment("cpu", 2)}
    write_record(tmp_path, "ab12", record)
    assert record_path(tmp_path, "ab12") == tmp_path / ".hbir/records/ab12.json"
    assert read_record(tmp_path, "ab12") == record


def test_the_environment_is_plain():
    told = environment("cpu", 2)
    assert set(told) == {"device", "threads", "peak_memory_mb", "platform", "python", "packages"}
    assert told["packages"]["torch"].startswith("2.")
    assert 10 < told["peak_memory_mb"] < 1e5
