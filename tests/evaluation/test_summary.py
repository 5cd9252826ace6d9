"""The record of scores, and the numbers that stand in Git."""

import json

import pytest

from hbir.core.errors import DataError
from hbir.core.files import write_json
from hbir.evaluation.summary import Counts, ScoredTask, Summary, headline, read_summary, write_summary


def summary(settings, **task):
    facts = ScoredTask(name="toy", version="1", languages=["de"], queries=1, passages=2, **task)
    return Summary(task=facts, settings=settings, groups={}, counts=Counts(not_retrieved=3))


def test_round_trip(tmp_path):
    record = summary({"monolingual": {"map": 0.5}}, measures=["map", "recall@1"])
    write_summary(tmp_path / "a.json", record)
    assert read_summary(tmp_path / "a.json") == record
    assert json.loads((tmp_path / "a.json").read_text())["counts"] == {"not_retrieved": 3}
    assert (record.score("monolingual", "map"), record.score("multilingual", "map")) == (0.5, None)


def test_older_scores_name_no_measures_and_count_other_things(tmp_path):
    plain = summary({}).plain()
    del plain["task"]["measures"]
    plain["counts"] = {"something_else": 7}
    write_json(tmp_path / "a.json", plain)
    found = read_summary(tmp_path / "a.json")
    assert (found.task.main_measure, found.counts.known()) == ("map", {})


@pytest.mark.parametrize("content", ["{}", "[1]", "{", '{"task": {"name": 1}}'])
def test_a_broken_file_is_refused_by_name(tmp_path, content):
    (tmp_path / "summary.json").write_text(content)
    with pytest.raises(DataError, match="summary.json"):
        read_summary(tmp_path / "summary.json")
    with pytest.raises(DataError, match="other.json"):
        read_summary(tmp_path / "other.json")


def test_map_by_setting_and_the_rank_distance_are_chosen_and_rounded():
    scores = {
        "monolingual": {"map": 0.123456, "recall@1": 0.5},
        "cross_lingual": {"map": 0.2},
        "multilingual": {"map": 0.3, "rank_distance": 12.345},
    }
    expected = {
        "cldr": {
            "map": {"monolingual": 0.1235, "cross_lingual": 0.2, "multilingual": 0.3},
            "rank_distance": 12.3,
        }
    }
    assert headline({"cldr": summary(scores)}) == expected
    assert headline({"cldr": summary(scores, measures=["map"])}) == expected


def test_an_absent_setting_is_absent():
    scores = {"monolingual": {"map": 1.0}}
    assert headline({"cldr": summary(scores)}) == {"cldr": {"map": {"monolingual": 1.0}}}


def test_each_benchmark_has_its_own_main_measure():
    scores = {"monolingual": {"map": 0.1, "ndcg@10": 0.5, "recall@100": 0.9}}
    other = {"mteb": {"cosine_spearman": 0.77777}}
    chosen = headline(
        {
            "miracl": summary(scores, measures=["ndcg@10", "recall@100"]),
            "mteb/STS22": summary(other, measures=["cosine_spearman"]),
        }
    )
    assert chosen == {
        "miracl": {"ndcg@10": {"monolingual": 0.5}},
        "mteb/STS22": {"cosine_spearman": {"mteb": 0.7778}},
    }
