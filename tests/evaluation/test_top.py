"""The best passages of every query: against sorting, under ties, in pools small and wide, and within memory."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.evaluation import top
from hbir.evaluation.ranking import neutral_order, rank_chunks
from hbir.evaluation.top import top_columns
from tests.evaluation import reference
from tests.evaluation.conftest import in_chunks, make_task, rank_positives, scored_tasks

WIDE = top._LAYERS * top._GROUPS


def found(scores, order, k=10):
    with ThreadPoolExecutor(2) as workers:
        return top_columns(scores, order, workers, k).tolist()


def sorted_columns(scores, order, k=10):
    return [sorted(range(len(row)), key=lambda c: (-row[c], order[c]))[:k] for row in scores.tolist()]


def test_by_hand():
    scores = np.array([[1, 3, 2, 3], [0, 0, 0, 0]], dtype=np.float32)
    assert found(scores, np.array([3, 2, 1, 0]), 2) == [[3, 1], [3, 2]]


def test_a_pool_smaller_than_k_is_ranked_whole():
    assert found(np.array([[1.0, 2.0]]), np.arange(2)) == [[1, 0]]


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 9, WIDE - 1, WIDE, WIDE + 1, WIDE + 37, 3 * WIDE + 5]),
    st.sampled_from([1, 2, 40, 10**6]),
    st.integers(1, 12),
)
def test_equal_to_sorting_in_pools_of_any_width_and_with_ties(seed, width, distinct, k):
    rng = np.random.default_rng(seed)
    scores = (rng.integers(0, distinct, (3, width)) / 7 - 1).astype(np.float32)
    before, order = scores.copy(), rng.permutation(width)
    assert found(scores, order, k) == sorted_columns(scores, order, k)
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("fill", [-np.inf, np.inf, 0.0])
def test_the_best_may_stand_together_or_be_infinite(fill):
    scores = np.full((70, WIDE + 3), fill, dtype=np.float32)
    scores[:, -5:] = np.arange(5) + 1
    order = np.arange(scores.shape[1])
    assert found(scores, order) == sorted_columns(scores, order)


def test_a_view_that_is_not_contiguous_is_searched():
    scores = np.random.default_rng(0).random((2 * WIDE, 4)).T[::2]
    order = np.arange(2 * WIDE)
    assert found(scores, order) == sorted_columns(scores, order)


@given(scored_tasks(), st.integers(1, 10))
def test_the_best_are_those_of_the_sorted_pool_and_agree_with_the_ranks(drawn, chunk):
    task, scores = drawn
    order = neutral_order(task.passage_ids)
    tops = [part.top for part in rank_chunks(task, in_chunks(scores, chunk), top=True) if part.top]
    best = np.concatenate([part.passage for part in tops])
    assert [part.first for part in tops] == list(range(0, len(scores), chunk))
    for query, row in enumerate(best.tolist()):
        assert row == reference.ranking(task, scores, order, query, "all")[:10]
    ranks = rank_positives(task, in_chunks(scores, chunk))
    for query, passage, rank in zip(ranks.query, ranks.passage, ranks.pooled_rank, strict=True):
        assert (passage in best[query]) == (rank <= 10)
        assert rank > 10 or best[query, rank - 1] == passage


def test_nothing_is_looked_for_unless_asked():
    task = make_task(["de"], ["de", "fr"], [(0, 0)])
    assert [part.top for part in rank_chunks(task, [np.eye(1, 2)])] == [None]


def test_memory_is_a_fraction_of_the_scores():
    scores = np.random.default_rng(0).random((1024, 4 * WIDE), dtype=np.float32)
    order = np.arange(scores.shape[1])
    tracemalloc.start()
    found(scores, order)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < scores.nbytes / 4
