"""training.json: one record, written and read in one place."""

from pathlib import Path
from typing import Any

import pytest

from hbir.core.errors import DataError
from hbir.core.files import read_json, write_json
from hbir.core.training_record import CURVES, TrainPoint, read_training, training_of, write_training

POINT = {"step": 4, "loss": 2.0, "monolingual": 1.5, "cross_lingual": None}
CONTENT: dict[str, Any] = {
    "sampler": "xx",
    "fingerprint": "ab12",
    "params": {"alpha": None, "schedule": [[0.5, 1.0]]},
    "best": POINT,
    "final": POINT,
    "curve": {"train": [{"step": 2, "loss": 3.0, "learning_rate": 0.1}], "validation": [POINT]},
    "composition": [{"query_lang": "de", "passage_lang": "fr", "count": 7}],
}


def test_a_record_comes_back_as_it_went(tmp_path: Path):
    path = tmp_path / "training.json"
    record = training_of(CONTENT, "here")
    write_training(path, record)
    assert read_json(path) == CONTENT
    assert read_training(path) == record
    assert record.curve.points("train") == (TrainPoint(step=2, loss=3.0, learning_rate=0.1),)
    assert [point.step for name in CURVES for point in record.curve.points(name)] == [2, 4]


def test_a_key_of_a_newer_version_is_left_out():
    assert training_of({**CONTENT, "colour": "blue"}, "here") == training_of(CONTENT, "here")


@pytest.mark.parametrize("value", [[], {"fingerprint": "other"}, {**CONTENT, "best": {"step": 4, "loss": "x"}}])
def test_another_content_is_named(tmp_path: Path, value: Any):
    write_json(tmp_path / "training.json", value)
    with pytest.raises(DataError, match=r"training.json: expected the record of a training, found .* at "):
        read_training(tmp_path / "training.json")
