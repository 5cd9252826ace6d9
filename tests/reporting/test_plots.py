import csv

import pytest

from hbir.core.training_record import CURVES
from hbir.reporting.distances import QUANTILES, distances
from hbir.reporting.plots import pair_scores, write_plots
from tests.reporting.builder import build, write_preferences


@pytest.fixture
def rows(results, tmp_path):
    write_plots(results, tmp_path)

    def read(name):
        with (tmp_path / name).open(newline="") as stream:
            return list(csv.DictReader(stream))

    return read


def test_losses(rows, results):
    losses = rows("loss.csv")
    assert list(losses[0]) == ["step", "sampler", "kind", "loss"]
    curve = results[1].training.curve
    chosen = [row for row in losses if row["sampler"] == "xy" and row["kind"] == "validation"]
    assert [(int(row["step"]), row["loss"]) for row in chosen] == [
        (point.step, f"{point.loss:.4f}") for point in curve.validation
    ]
    assert len(losses) == sum(len(r.training.curve.points(kind)) for r in results for kind in CURVES)


SCORE = ["setting", "measure", "name", "value"]


def test_settings(rows, results):
    settings = rows("settings.csv")
    assert list(settings[0]) == ["benchmark", "sampler", *SCORE]
    assert len(settings) == 3 * 7
    chosen = {(row["sampler"], row["setting"], row["measure"]): row["value"] for row in settings}
    assert chosen["xy", "multilingual", "rank_distance"] == "716.3000"
    assert chosen["hybrid", "cross_lingual", "map"] == "0.2973"


def test_languages(rows, results):
    languages = rows("languages.csv")
    assert list(languages[0]) == ["benchmark", "sampler", "query_lang", "passage_lang", *SCORE]
    assert len(languages) == 3 * 11 * 11
    cells = results[0].cells("cldr")
    chosen = {(row["query_lang"], row["passage_lang"]): row for row in languages if row["sampler"] == "xx"}
    for cell in cells:
        if cell["setting"] != "multilingual":
            row = chosen[cell["query_lang"], cell["pool"]]
            expected = {
                "setting": cell["setting"],
                "measure": "map",
                "name": "mAP",
                "value": f"{cell['map']:.4f}",
            }
            assert {name: row[name] for name in SCORE} == expected


def test_preferences_are_shares_minus_chances(tmp_path):
    results = build(tmp_path / "scores", ("xx",), ("de", "fr"))
    write_preferences(results)
    write_plots(results, tmp_path)
    with (tmp_path / "preferences.csv").open(newline="") as stream:
        found = {(row["query_lang"], row["passage_lang"]): row["excess"] for row in csv.DictReader(stream)}
    assert found == {
        ("de", "de"): "0.2500",
        ("de", "fr"): "-0.2500",
        ("fr", "de"): "-0.2500",
        ("fr", "fr"): "0.2500",
    }


def test_distances_rise_with_the_share(rows, results):
    found = [row for row in rows("distances.csv") if row["sampler"] == "xy"]
    values = [float(row["distance"]) for row in found]
    assert [float(row["share"]) for row in found] == list(QUANTILES)
    assert values == sorted(values)
    assert values[-1] == pytest.approx(distances(results[1], "cldr").max(), rel=1e-5)


def test_each_benchmark_is_drawn_by_its_own_measures(five, tmp_path):
    write_plots(five, tmp_path)
    with (tmp_path / "settings.csv").open(newline="") as stream:
        drawn = {(row["benchmark"], row["setting"], row["name"]) for row in csv.DictReader(stream)}
    assert {panel[1:] for panel in drawn if panel[0] == "tatoeba"} == {("cross_lingual", "accuracy")}
    assert {panel[1:] for panel in drawn if panel[0] == "mteb/STS22"} == {("mteb", "cosine_spearman")}
    names = {"nDCG@10", "R@100"}
    assert {panel[1:] for panel in drawn if panel[0] == "miracl"} == {("monolingual", name) for name in names}
    with (tmp_path / "languages.csv").open(newline="") as stream:
        named = {(row["benchmark"], row["measure"]) for row in csv.DictReader(stream)}
    expected = {"cldr": "map", "miracl": "ndcg@10", "tatoeba": "recall@1", "beir/my set": "ndcg@10"}
    assert named == set(expected.items())


def test_a_pair_without_a_scored_query_is_left_out(tmp_path):
    (result,) = build(tmp_path, samplers=("xx",), languages=("de", "fr"))
    path = result.folder / "cldr" / "cells.csv"
    lines = path.read_text().splitlines()
    cut = [
        line.split(",")[:3] + ["0", "424"] + [""] * 8 if ",de,fr," in line else line.split(",")
        for line in lines
    ]
    path.write_text("\n".join(",".join(line) for line in cut) + "\n")
    assert set(pair_scores(result, "cldr")) == {("de", "de"), ("fr", "fr"), ("fr", "de")}


def test_lines_end_alike_everywhere(results, tmp_path):
    write_plots(results, tmp_path)
    assert all(b"\r" not in path.read_bytes() for path in tmp_path.iterdir())
