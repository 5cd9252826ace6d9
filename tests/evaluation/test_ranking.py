"""Exact ranks: by hand, against sorting, under ties, in chunks, and within memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.errors import DataError
from hbir.core.hashing import content_id
from hbir.evaluation.ranking import neutral_order, similarity_chunks
from tests.evaluation import reference
from tests.evaluation.conftest import in_chunks, make_task, rank_positives, scored_tasks


def test_by_hand(bilingual, bilingual_scores):
    ranks = rank_positives(bilingual, [bilingual_scores])
    assert list(zip(ranks.query, ranks.passage, strict=True)) == [tuple(p) for p in bilingual.relevant]
    assert ranks.rank_in_language.tolist() == [1, 2, 3, 3, 1, 2]
    assert ranks.pooled_rank.tolist() == [2, 4, 5, 5, 1, 3]
    assert not ranks.tied_in_language.any()
    assert not ranks.tied_pooled.any()


def test_ties_follow_the_given_order_and_are_counted(bilingual):
    scores = np.array([[1, 1, 1, 0, 0], [0, 0, 0, 1, 0], [5, 1, 5, 1, 2]], dtype=np.float32)
    ranks = rank_positives(bilingual, [scores], tie_order=np.array([30, 10, 20, 50, 40]))
    # q0: p1 p2 p0 | p4 p3; q1: p3 | p1 p2 p0 p4; q2: p2 p0 p4 | p1 p3
    assert ranks.pooled_rank.tolist() == [3, 1, 2, 5, 4, 1]
    assert ranks.rank_in_language.tolist() == [2, 1, 1, 3, 1, 1]
    assert ranks.tied_pooled.tolist() == [True] * 6
    assert ranks.tied_in_language.tolist() == [True, False, True, True, True, True]


def test_signed_zeros_and_infinities_are_numbers():
    task = make_task(["de"], ["de"] * 4, [(0, 0), (0, 1), (0, 2)])
    scores = np.array([[0.0, -0.0, np.inf, -np.inf]], dtype=np.float32)
    ranks = rank_positives(task, [scores], tie_order=np.arange(4))
    assert ranks.pooled_rank.tolist() == [2, 3, 1]
    assert ranks.tied_in_language.tolist() == [True, True, False]


@given(scored_tasks(), st.integers(1, 10))
def test_ranks_are_places_in_the_sorted_pool_for_any_chunk(drawn, chunk):
    task, scores = drawn
    before = scores.copy()
    ranks = rank_positives(task, in_chunks(scores, chunk))
    order = neutral_order(task.passage_ids)
    for k, (query, passage) in enumerate(task.relevant.tolist()):
        lang = task.passage_langs[passage]
        own = reference.ranking(task, scores, order, query, lang)
        pooled = reference.ranking(task, scores, order, query, "all")
        assert ranks.rank_in_language[k] == own.index(passage) + 1
        assert ranks.pooled_rank[k] == pooled.index(passage) + 1
        assert ranks.tied_in_language[k] == (sum(scores[query][p] == scores[query][passage] for p in own) > 1)
        assert ranks.tied_pooled[k] == (sum(scores[query][p] == scores[query][passage] for p in pooled) > 1)
    np.testing.assert_array_equal(scores, before)


def test_ties_do_not_know_languages():
    """Equal scores rank parallel passages with telling ids; every language's mean rank is that of chance."""
    langs = ["ar", "de", "en", "zh"]
    ids = [f"{lang}-{number}" for lang in langs for number in range(500)]
    rank = np.argsort(np.argsort(neutral_order(ids))).reshape(4, 500) + 1
    error = 2000 / np.sqrt(12) / np.sqrt(500)
    assert np.abs(rank.mean(axis=1) - 1000.5).max() < 3 * error
    assert neutral_order(ids)[0] == content_id("ar-0")


@given(scored_tasks())
def test_renaming_the_languages_changes_no_rank(drawn):
    task, scores = drawn
    renamed = {"de": "zz", "fr": "aa", "th": "mm"}
    twin = make_task(
        [renamed[lang] for lang in task.query_langs],
        [renamed[lang] for lang in task.passage_langs],
        map(tuple, task.relevant.tolist()),
    )
    one, other = rank_positives(task, [scores]), rank_positives(twin, [scores])
    np.testing.assert_array_equal(one.rank_in_language, other.rank_in_language)
    np.testing.assert_array_equal(one.pooled_rank, other.pooled_rank)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 100])
def test_similarity_chunks_are_bounded_and_complete(chunk):
    rng = np.random.default_rng(3)
    queries, passages = rng.integers(-4, 5, (7, 6)), rng.integers(-4, 5, (5, 6))
    chunks = list(similarity_chunks(queries.astype(np.float32), passages.astype(np.float32), chunk))
    assert max(len(part) for part in chunks) <= chunk
    assert {part.dtype for part in chunks} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(np.concatenate(chunks), queries @ passages.T)


def test_memory_is_that_of_a_few_chunks():
    rng = np.random.default_rng(4)
    langs = [lang for lang in ("de", "fr", "th", "zh") for _ in range(1000)]
    task = make_task(langs[::4], langs, [(query, query * 4) for query in range(1000)])
    queries, passages = rng.random((1000, 8), np.float32), rng.random((4000, 8), np.float32)
    rank_positives(task, similarity_chunks(queries, passages, 20))
    tracemalloc.start()
    rank_positives(task, similarity_chunks(queries, passages, 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 20 * 4000 * 4 < 1000 * 4000 * 4 / 8


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        (np.zeros((3, 4)), "4"),
        (np.zeros((2, 5)), "2 rows"),
        (np.zeros((4, 5)), "more rows"),
        (np.zeros(5), "shape"),
        (
            np.array([[0, 0, 0, 0, 0], [0, 0, 0, np.nan, 0], [np.nan] * 5]),
            "NaN for query 'q1' and passage 'p3'",
        ),
    ],
)
def test_wrong_scores_are_refused(bilingual, scores, found):
    with pytest.raises(DataError, match=found):
        rank_positives(bilingual, [scores])


def test_nan_names_its_query_in_a_later_chunk(bilingual):
    scores = np.zeros((3, 5))
    scores[2, 1] = np.nan
    with pytest.raises(DataError, match="query 'q2' and passage 'p1'"):
        rank_positives(bilingual, in_chunks(scores, 1))


@pytest.mark.parametrize("order", [np.arange(4), np.array([0, 1, 2, 3, 3])])
def test_wrong_tie_order_is_refused(bilingual, bilingual_scores, order):
    with pytest.raises(DataError, match="tie order"):
        rank_positives(bilingual, [bilingual_scores], order)


def test_a_collapsed_encoder_ties_everything():
    langs = ["de", "fr"] * 3000
    task = make_task(["de"], langs, [(0, p) for p in range(0, 6000, 5)])
    ranks = rank_positives(task, [np.zeros((1, 6000), np.float32)])
    order = neutral_order(task.passage_ids)
    assert ranks.pooled_rank.tolist() == (np.argsort(np.argsort(order)) + 1)[::5].tolist()
    own = np.empty(6000, np.int64)
    for first in (0, 1):
        own[first::2] = np.argsort(np.argsort(order[first::2])) + 1
    assert ranks.rank_in_language.tolist() == own[::5].tolist()
    assert ranks.tied_in_language.all()
