from pathlib import Path

import pytest

from hbir.core.training_record import Curve, TrainPoint, ValidationPoint
from hbir.evaluation.results import SamplerResults
from hbir.tracking.values import Point, curve_points, metric_name, row_points, run_params, score_values
from tests.reporting.builder import KINDS
from tests.reporting.builder import build as build_all
from tests.tracking.look import build

CURVE = Curve(
    train=(TrainPoint(step=20, loss=3.0, learning_rate=0.1),),
    validation=(ValidationPoint(step=40, loss=2.0, monolingual=1.5, cross_lingual=None),),
)


@pytest.fixture
def five(tmp_path: Path) -> list[SamplerResults]:
    return build_all(tmp_path, ["xx"], benchmarks=KINDS, groups=False)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("cldr", "multilingual", "recall@10"), "cldr/multilingual/recall_at_10"),
        (("variants/xquad-r/final", "monolingual", "map"), "variants/xquad-r/final/monolingual/map"),
        (("my#set", "mono", "map"), "my_set/mono/map"),
        (("beir/scifact", "monolingual", "ndcg@10"), "beir/scifact/monolingual/ndcg_at_10"),
    ],
)
def test_names_hold_what_mlflow_takes(parts: tuple[str, ...], name: str):
    assert metric_name(*parts) == name


def test_params_hold_the_sampler_and_plain_json():
    params = {"alpha": None, "seed": 1, "temperature": 0.05, "decay": "linear", "schedule": [[0.5, 1.0]]}
    assert run_params("xx", params) == {
        "sampler": "xx",
        "alpha": "null",
        "seed": "1",
        "temperature": "0.05",
        "decay": "linear",
        "schedule": "[[0.5, 1.0]]",
    }


def test_a_value_that_is_not_there_makes_no_point():
    row = {"step": 5, "loss": 1.0, "monolingual": 1.0, "cross_lingual": None}
    assert row_points("validation", row) == [
        Point("validation/loss", 5, 1.0),
        Point("validation/monolingual", 5, 1.0),
    ]


def test_curves_with_and_without_a_record():
    alone = curve_points(CURVE, None)
    assert alone == [
        Point("train/loss", 20, 3.0),
        Point("train/learning_rate", 20, 0.1),
        Point("validation/loss", 40, 2.0),
        Point("validation/monolingual", 40, 1.5),
    ]
    record = {"pairs_per_second": [{"step": 20, "value": 612.5}]}
    assert curve_points(CURVE, record) == [*alone, Point("train/pairs_per_second", 20, 612.5)]


def test_scores_of_the_best_checkpoint_of_groups_and_of_the_final_one(tmp_path: Path):
    [result] = build(tmp_path, ["xx"])
    values = score_values(result.summaries, result.final)
    assert values["cldr/monolingual/map"] == result.summaries["cldr"].settings["monolingual"]["map"]
    assert values["cldr/multilingual/rank_distance"] == 4100.4
    unseen = result.summaries["cldr"].groups["unseen"]
    assert values["variants/cldr/unseen/cross_lingual/map"] == unseen["cross_lingual"]["map"]
    assert values["variants/cldr/final/multilingual/map"] == result.final["cldr"]["multilingual"]["map"]
    first = {name: value for name, value in values.items() if name.startswith("1 main/")}
    assert sorted(first) == [
        "1 main/cross-lingual mAP cldr",
        "1 main/monolingual mAP cldr",
        "1 main/multilingual mAP cldr",
        "1 main/rank distance cldr",
    ]
    assert first["1 main/multilingual mAP cldr"] == values["cldr/multilingual/map"]
    assert len(values) == 4 + (7 + 7 + 8) + 3 * 4  # what opens first, best; seen, unseen and final


def test_what_opens_first_has_each_benchmarks_own_measure(five: list[SamplerResults]):
    names = {name for name in score_values(five[0].summaries, {}) if name.startswith("1 main/")}
    assert {"1 main/monolingual nDCG at 10 miracl", "1 main/cross-lingual accuracy tatoeba"} <= names
    assert {"1 main/multilingual nDCG at 10 beir my set", "1 main/rank distance beir my set"} <= names


def test_a_missing_score_is_left_out(tmp_path: Path):
    [result] = build(tmp_path, ["xx"], groups=False)
    result.summaries["cldr"].settings["multilingual"]["rank_distance"] = None  # type: ignore[assignment]
    assert "cldr/multilingual/rank_distance" not in score_values(result.summaries, result.final)
