import pytest

from hbir.core.errors import DataError
from hbir.reporting import write
from hbir.reporting.write import remove_old_scores, write_reports
from tests.reporting.builder import build

FILES = [
    "comparison.html",
    "comparison.md",
    "differences.csv",
    *(f"plots/{name}.csv" for name in ("distances", "languages", "loss", "preferences", "settings")),
]


def content(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_all_files_the_same_each_time(results, tmp_path):
    write_reports(results, "hybrid", tmp_path / "one")
    write_reports(results, "hybrid", tmp_path / "two")
    assert sorted(content(tmp_path / "one")) == FILES
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert str(tmp_path).encode() not in b"".join(content(tmp_path / "one").values())


def test_an_older_report_is_replaced_whole(results, tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "stale").write_text("old")
    write_reports(results, "hybrid", folder)
    assert sorted(content(folder)) == FILES


def test_nothing_is_left_when_it_fails(results, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("no")

    monkeypatch.setattr(write, "write_plots", fail)
    with pytest.raises(OSError, match="no"):
        write_reports(results, "hybrid", tmp_path / "reports")
    assert list(tmp_path.iterdir()) == []


def test_the_headline_must_be_scored(results, tmp_path):
    with pytest.raises(DataError, match="expected one of xx, xy, hybrid, found 'mixed'"):
        write_reports(results, "mixed", tmp_path / "reports")
    assert list(tmp_path.iterdir()) == []


def test_scores_of_what_is_not_compared_go(tmp_path):
    build(tmp_path / "scores", samplers=("xx", "mixed"), languages=("de", "en"))
    (tmp_path / "scores/mine").mkdir()  # no scores of a sampler
    (tmp_path / "metrics").mkdir()
    for name in ("xx", "mixed", "headline", "english"):
        (tmp_path / f"metrics/{name}.json").write_text("{}")
    assert remove_old_scores(tmp_path, ["xx", "xy"]) == ["english", "mixed"]
    assert sorted(path.name for path in (tmp_path / "scores").iterdir()) == ["mine", "xx"]
    assert sorted(path.name for path in (tmp_path / "metrics").iterdir()) == ["headline.json", "xx.json"]
    assert remove_old_scores(tmp_path, ["xx", "xy"]) == []


def test_a_project_without_scores_has_none(tmp_path):
    assert remove_old_scores(tmp_path, ["xx"]) == []
