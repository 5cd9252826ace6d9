from hbir.reporting.leftovers import remove_leftovers
from tests.reporting.builder import build


def test_scores_of_what_is_not_compared_go(tmp_path):
    build(tmp_path / "scores", samplers=("xx", "mixed"), languages=("de", "en"))
    (tmp_path / "scores/mine").mkdir()  # no scores of a sampler
    (tmp_path / "metrics").mkdir()
    for name in ("xx", "mixed", "headline", "english"):
        (tmp_path / f"metrics/{name}.json").write_text("{}")
    assert remove_leftovers(tmp_path, ["xx", "xy"]) == ["english", "mixed"]
    assert sorted(path.name for path in (tmp_path / "scores").iterdir()) == ["mine", "xx"]
    assert sorted(path.name for path in (tmp_path / "metrics").iterdir()) == ["headline.json", "xx.json"]
    assert remove_leftovers(tmp_path, ["xx", "xy"]) == []


def test_a_project_without_scores_has_none(tmp_path):
    assert remove_leftovers(tmp_path, ["xx"]) == []
