"""The digests of named files: what they depend on, and what happens to files that are not here."""

import json
import logging
import os
from pathlib import Path

import pytest

from hbir.core.errors import DataError, ParamsError
from hbir.core.paths import INPUTS
from hbir.inputs.digests import LARGE, Digests
from hbir.inputs.link import link
from hbir.inputs.named import NamedPath
from hbir.inputs.write import write_inputs

FAQ = NamedPath("collect", "params.yaml: faq", "data/sources/faq.csv")
MINE = NamedPath("score", "params.yaml: mine", "data/benchmarks/mine")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DVC_ROOT", raising=False)
    folder = tmp_path / "project"
    (folder / "data/sources").mkdir(parents=True)
    (folder / "data/benchmarks/mine/qrels").mkdir(parents=True)
    (folder / "data/benchmarks/mine/qrels/test.tsv").write_text("qrels")
    (folder / "data/sources/faq.csv").write_text("q,a\n")
    monkeypatch.chdir(folder)
    return folder


def digests() -> dict[str, dict[str, str]]:
    return write_inputs([FAQ, MINE], Digests(Path(".hbir/digests.json")))


def test_each_stage_has_a_file_of_its_own():
    digests()
    files = {path.stem: json.loads(path.read_text()) for path in INPUTS.iterdir()}
    assert {stage: list(paths) for stage, paths in files.items()} == {
        "collect": ["data/sources/faq.csv"],
        "translate": [],
        "encoder": [],
        "score": ["data/benchmarks/mine"],
    }


def test_content_and_names_count_and_nothing_else():
    before = digests()
    os.utime("data/sources/faq.csv", (1, 1))
    Path("data/benchmarks/stray").mkdir()
    Path("data/benchmarks/mine/.DS_Store").write_text("of the desktop")
    assert digests() == before
    Path("data/benchmarks/mine/qrels/test.tsv").rename("data/benchmarks/mine/qrels/dev.tsv")
    renamed = digests()
    assert renamed["score"] != before["score"]
    assert renamed["collect"] == before["collect"]
    Path("data/sources/faq.csv").write_text("q;a\n")
    assert digests()["collect"] != before["collect"]


def test_large_files_are_read_once_while_they_stay_as_they_are(monkeypatch: pytest.MonkeyPatch):
    Path("data/sources/faq.csv").write_bytes(b"a" * LARGE)
    first = digests()
    with monkeypatch.context() as patch:
        patch.setattr("hbir.inputs.digests.file_digest", lambda path: "read again: " + path.name)
        assert digests()["collect"] == first["collect"]
        Path("data/sources/faq.csv").write_bytes(b"b" * LARGE)
        assert digests()["collect"] == {FAQ.written: "read again: faq.csv"}


def test_a_broken_memory_counts_as_empty():
    Path(".hbir").mkdir()
    Path(".hbir/digests.json").write_text("{")
    assert digests()["collect"]


def test_a_clone_without_the_files_keeps_what_was_made_from_them(caplog: pytest.LogCaptureFixture):
    before = digests()
    Path("data/sources/faq.csv").unlink()
    with caplog.at_level(logging.WARNING, "hbir"):
        assert digests() == before
    assert "data/sources/faq.csv is not here" in caplog.text


def test_a_file_that_never_was_here_is_told_with_what_lies_beside_it():
    Path("data/sources/faq.csv").rename("data/sources/faqs.csv")
    with pytest.raises(
        DataError, match=r"the file or folder data/sources/faq.csv, found none; beside it: faqs.csv"
    ):
        digests()


def test_a_link_whose_target_is_gone_is_told():
    Path("data/sources/faq.csv").unlink()
    Path("data/sources/faq.csv").symlink_to("nowhere.csv")
    with pytest.raises(DataError, match="a link whose target is gone"):
        digests()


def test_an_experiment_in_a_folder_of_its_own_reads_the_main_repository(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    here = digests()
    (tmp_path / "aside/data").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "aside")
    monkeypatch.setenv("DVC_ROOT", str(project))
    assert digests() == here


def test_links_to_files_are_followed_and_links_to_folders_are_refused(tmp_path: Path):
    plain = digests()
    (tmp_path / "elsewhere/qrels").mkdir(parents=True)
    (tmp_path / "elsewhere/qrels/test.tsv").write_text("qrels")
    Path("data/benchmarks/mine/qrels/test.tsv").unlink()
    Path("data/benchmarks/mine/qrels").rmdir()
    Path("data/benchmarks/mine/qrels").symlink_to(tmp_path / "elsewhere/qrels")
    with pytest.raises(ParamsError, match=f"link {tmp_path}/elsewhere/qrels data/benchmarks/mine/qrels`"):
        digests()
    Path("data/benchmarks/mine/qrels").unlink()
    Path("data/benchmarks/mine").rmdir()
    Path("data/benchmarks/mine").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ParamsError, match="a link to the folder"):
        digests()
    assert link(tmp_path / "elsewhere", Path("data/benchmarks/mine")) == 1
    assert Path("data/benchmarks/mine/qrels/test.tsv").is_symlink()
    assert digests() == plain
    (tmp_path / "elsewhere/qrels/test.tsv").write_text("other qrels")
    assert digests() != plain


def test_a_link_replaces_links_and_no_file(tmp_path: Path):
    (tmp_path / "other.csv").write_text("x")
    with pytest.raises(ParamsError, match="found the file data/sources/faq.csv"):
        link(tmp_path / "other.csv", Path("data/sources/faq.csv"))
    with pytest.raises(ParamsError, match="expected a path below data/sources"):
        link(tmp_path / "other.csv", Path("other.csv"))
    with pytest.raises(ParamsError, match="expected a file or folder, found none"):
        link(tmp_path / "absent.csv", Path("data/sources/new.csv"))
    for _ in range(2):
        assert link(tmp_path / "other.csv", Path("data/sources/new.csv")) == 1
    assert Path("data/sources/new.csv").read_text() == "x"
