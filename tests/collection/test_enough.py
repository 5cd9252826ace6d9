import pytest

from hbir.collection.enough import check_enough
from hbir.core.errors import DataError
from tests.collection.sources import collected, write_jsonl


def english(path, count, **keys):
    rows = [{"query": f"who is number {n * 7919}?", "passage": f"It is {n * 104729}."} for n in range(count)]
    return collected(
        {"kind": "jsonl", "name": "faq", "path": write_jsonl(path / "a.jsonl", rows)} | keys,
        near_duplicates=None,
    ).english


def test_enough(tmp_path):
    check_enough(english(tmp_path, 100, validation=0.1), 64)


def test_a_source_that_cannot_fill_a_batch(tmp_path):
    table = english(tmp_path, 40, validation=0.2)
    train = table["split"].to_pylist().count("train")
    message = f"sources: faq: expected at least 64 training pairs .*, found {train} of {train} pairs"
    with pytest.raises(DataError, match=f"{message}. Set batches.size to {train} or less, or add pairs"):
        check_enough(table, 64)
    check_enough(table, train)


def test_one_answer_to_all_fills_no_batch(tmp_path):
    rows = [{"query": f"who is number {n * 7919}?", "passage": "Nobody knows."} for n in range(80)]
    source = {
        "kind": "jsonl",
        "name": "faq",
        "path": write_jsonl(tmp_path / "a.jsonl", rows),
        "validation": 0.0,
    }
    with pytest.raises(DataError, match="found 1 of 80 pairs. Add pairs."):
        check_enough(collected(source, near_duplicates=None).english, 2)


def test_no_validation_pair(tmp_path):
    table = english(tmp_path, 40, validation=0.0)
    with pytest.raises(DataError, match="expected at least 2 validation pairs, found 0. Raise `validation`"):
        check_enough(table, 4)
