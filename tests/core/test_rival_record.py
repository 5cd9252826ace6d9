"""rival.json: what is said of a row that nothing trained."""

from dataclasses import replace

import pytest

from hbir.core.errors import DataError
from hbir.core.rival_record import RIVAL, RivalRecord, has_record, merged_record, read_record, write_rival
from hbir.core.training_record import TRAINING, write_training
from tests.training.conftest import make_record

RECORD = RivalRecord(
    sampler="bm25", fingerprint="f", params={"k1": 0.9, "seed": 1}, note="n", unscored=["mteb/STS22"]
)


def test_a_record_comes_back(tmp_path):
    write_rival(tmp_path / RIVAL, RECORD)
    assert has_record(tmp_path)
    assert read_record(tmp_path) == RECORD


def test_a_folder_of_a_training_has_that_record(tmp_path):
    assert not has_record(tmp_path)
    write_training(tmp_path / TRAINING, make_record("xx"))
    assert has_record(tmp_path)
    assert read_record(tmp_path) == make_record("xx")


def test_no_record_and_a_broken_one_are_named(tmp_path):
    with pytest.raises(DataError, match="training.json: expected a file, found none"):
        read_record(tmp_path)
    (tmp_path / RIVAL).write_text('{"sampler": "bm25"}')
    with pytest.raises(DataError, match="rival.json: expected the record of a rival.*at fingerprint"):
        read_record(tmp_path)


def test_an_average_keeps_what_both_trainings_share():
    one = replace(make_record("xx", {"seed": 3, "alpha": None, "temperature": 0.05}), fingerprint="a")
    other = replace(make_record("xy", {"seed": 3, "alpha": None, "temperature": 0.1}), fingerprint="b")
    record = merged_record("merged-0.25", 0.25, [one, other])
    assert record.params == {"seed": 3, "alpha": None, "merged.weight": 0.25}
    prints = {
        merged_record("m", weight, pair).fingerprint
        for weight, pair in ((0.25, [one, other]), (0.25, [other, one]), (0.5, [one, other]))
    }
    assert len(prints) == 3
