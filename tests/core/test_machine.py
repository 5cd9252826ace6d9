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


@pytest.mark.parametrize("content", ["{", "\0" * 20, "[]", '{"seconds": 1}'])
def test_a_broken_record_counts_as_none(tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture):
    path = record_path(tmp_path, "ab12")
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert read_record(tmp_path, "ab12") is None
    assert "ab12.json" in caplog.text


def test_a_record_that_may_not_be_read_counts_as_none(tmp_path: Path, caplog, monkeypatch):
    def denied(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", denied)
    assert read_record(tmp_path, "ab12") is None
    assert "denied" in caplog.text


def test_the_environment_is_plain():
    found = environment("cpu", 2)
    assert set(found) == {"device", "threads", "peak_memory_mb", "cpu", "platform", "python", "packages"}
    assert found["cpu"]
    assert found["packages"]["torch"].startswith("2.")
    assert 10 < found["peak_memory_mb"] < 1e5
