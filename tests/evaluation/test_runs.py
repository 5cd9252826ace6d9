"""Runs with a cut-off."""

import numpy as np
import pytest
from hypothesis import given

from hbir.core.errors import DataError
from hbir.evaluation.evaluate import evaluate, evaluate_run
from hbir.evaluation.runs import rank_run
from tests.evaluation.conftest import make_task, rank_positives, scored_tasks

FIELDS = ("query", "passage", "rank_in_language", "pooled_rank", "tied_in_language", "tied_pooled")


def test_by_hand(bilingual):
    ranks = rank_run(bilingual, {"q0": ["p3", "p0", "p1"], "q2": ["p2"]})
    assert ranks.rank_in_language.tolist() == [1, 2, 0, 0, 0, 1]
    assert ranks.pooled_rank is not None
    assert ranks.pooled_rank.tolist() == [2, 3, 0, 0, 0, 1]
    assert not ranks.tied_pooled.any()


def test_absent_queries_and_passages_score_zero_and_stay_in_the_mean(bilingual):
    result = evaluate_run(bilingual, {"q0": ["p3", "p0", "p1"], "q2": ["p2"]})
    # monolingual: q0 (1 + 0) / 2 and the absent q1 0, then q2 0 in French
    assert result.settings["monolingual"]["map"] == pytest.approx((0.25 + 0) / 2)
    assert result.settings["monolingual"]["recall@1"] == pytest.approx((0.25 + 0) / 2)
    # multilingual: q0 (1/2 + 2/3 + 0) / 3, q1 0; q2 (1 + 0) / 2
    assert result.settings["multilingual"]["map"] == pytest.approx(((7 / 6 / 3 + 0) / 2 + 1 / 2) / 2)
    assert result.counts.not_retrieved == 3
    assert result.counts.left_out == {"monolingual": 0, "cross_lingual": 1, "multilingual": 0}


def test_rank_distance_needs_every_relevant_passage(bilingual):
    complete = {"q0": ["p0", "p1", "p2"], "q1": ["p4"], "q2": ["p3", "p1", "p2"]}
    assert evaluate_run(bilingual, complete).settings["multilingual"]["rank_distance"] == (2 + 1) / 2
    cut = {**complete, "q2": ["p3", "p1"]}
    result = evaluate_run(bilingual, cut)
    assert "rank_distance" not in result.settings["multilingual"]
    by_query = result.queries.filter(np.array(result.queries["setting"].to_pylist()) == "multilingual")
    # The mean over those whose passages were all found would favour the worse run.
    assert by_query["rank_distance"].to_pylist() == [None] * 3


def test_a_cut_run_is_warned_of_with_its_depth(caplog):
    """What it warns of: the only German passage, behind two French ones, is cut off."""
    task = make_task(["fr"], ["fr", "fr", "de"], [(0, 0), (0, 2)])
    whole = evaluate_run(task, {"q0": ["p0", "p1", "p2"]})
    assert not caplog.text
    cut = evaluate_run(task, {"q0": ["p0", "p1"]})
    assert (whole.settings["cross_lingual"]["map"], cut.settings["cross_lingual"]["map"]) == (1, 0)
    assert (
        "lists at most 2 passages a query, and lacks 1 relevant ones, which count as not retrieved: map and "
        "map_other are of that depth"
    ) in caplog.text
    assert "monolingual and cross-lingual scores are lower" in caplog.text


def test_of_a_benchmark_in_one_language_the_warning_says_less(caplog):
    evaluate_run(make_task(["de"], ["de"] * 3, [(0, 0), (0, 2)]), {"q0": ["p0"]})
    assert "at most 1 passages a query, and lacks 1 relevant ones" in caplog.text
    assert "map is of that depth" in caplog.text
    assert "other languages" not in caplog.text


def test_an_empty_run_scores_zero(bilingual):
    settings = evaluate_run(bilingual, {}).settings
    assert {value for measures in settings.values() for value in measures.values()} == {0.0}
    assert set(settings) == {"monolingual", "cross_lingual", "multilingual"}


@given(scored_tasks())
def test_a_full_scored_run_equals_the_score_matrix(drawn):
    task, scores = drawn
    run = {
        query: dict(zip(task.passage_ids, row.tolist(), strict=True))
        for query, row in zip(task.query_ids, scores, strict=True)
    }
    one, other = rank_run(task, run), rank_positives(task, [scores])
    for field in FIELDS:
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field))
    assert evaluate_run(task, run) == evaluate(task, [scores])


def test_unknown_passages_are_counted_and_five_named(bilingual):
    run = {"q0": [f"x{i}" for i in range(7)], "q1": ["p0", "x1"]}
    with pytest.raises(DataError, match="7 unknown ids, the first x0, x1, x2, x3, x4\\."):
        rank_run(bilingual, run)


def test_unknown_queries_are_refused(bilingual):
    with pytest.raises(DataError, match="expected the queries .* 1 unknown ids, the first q9\\."):
        rank_run(bilingual, {"q9": ["p0"]})


def test_a_passage_listed_twice_is_refused(bilingual):
    with pytest.raises(DataError, match="one twice for query 'q1'"):
        rank_run(bilingual, {"q1": ["p0", "p0"]})


def test_nan_is_refused(bilingual):
    with pytest.raises(DataError, match="NaN for query 'q1'"):
        rank_run(bilingual, {"q1": {"p0": float("nan")}})
