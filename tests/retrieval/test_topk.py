"""Top-k over a stream against sorting everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.errors import ModelError
from hbir.retrieval.topk import TopK


def slow(queries, passages, keys, k):
    """Return scores and keys of the k best by sorting all passages in Python."""
    rows = []
    for query in queries:
        scored = [(float(np.dot(query, p)), int(key)) for p, key in zip(passages, keys, strict=True)]
        rows.append(sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:k])
    return rows


def streamed(queries, passages, keys, k, cuts):
    best = TopK(queries, k)
    for part, names in zip(np.split(passages, cuts), np.split(keys, cuts), strict=True):
        best.add(part, names)
    return best


def listed(best):
    return [
        [(float(s), int(key)) for s, key, found in zip(*row, strict=True) if found]
        for row in zip(best.scores, best.keys, best.found, strict=True)
    ]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 25),
    st.integers(1, 60),
    st.integers(1, 8),
    st.sampled_from([2, 4, 100]),
    st.lists(st.integers(0, 60), max_size=5),
    st.sampled_from([np.float16, np.float32, np.float64]),
)
def test_equal_to_sorting_everything(seed, n, m, k, distinct, cuts, dtype):
    rng = np.random.default_rng(seed)
    # Whole numbers: a score is the same whatever the order of its sum, so that ties are ties.
    queries = rng.integers(-distinct, distinct, (n, 3)).astype(np.float32)
    passages = rng.integers(-distinct, distinct, (m, 3)).astype(dtype)
    keys = rng.permutation(m * 2)[:m].astype(np.int64) - m
    best = streamed(queries, passages, keys, k, sorted(min(cut, m) for cut in cuts))
    assert listed(best) == slow(queries, passages, keys, k)


@pytest.mark.parametrize("n", [1, 30])  # faiss scores few queries one by one, and many by BLAS
@pytest.mark.parametrize("k", [1, 99, 100, 150])  # and keeps them in a heap, or from 100 on in a reservoir
def test_equal_scores_go_by_key_at_the_cut_off(n, k):
    keys = np.random.default_rng(k).permutation(400).astype(np.int64)
    passages = np.ones((400, 2), np.float16)
    passages[keys == 399] = 2
    best = streamed(np.ones((n, 2), np.float32), passages, keys, k, [150, 160])
    assert best.keys.tolist() == [[399, *range(k - 1)]] * n


def test_every_half_is_the_same_number_in_float32():
    """All 63,488 finite ones, subnormal ones too; a query picks one column."""
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    best = TopK(np.ones((1, 1), np.float32), len(halves))
    for part in np.array_split(np.arange(len(halves)), [7, 5000]):
        best.add(halves[part, None], part)
    np.testing.assert_array_equal(best.scores[0], halves[best.keys[0]].astype(np.float32))
    assert (np.diff(best.scores[0]) <= 0).all()


def test_what_was_added_before_is_kept_while_chunks_of_other_sizes_follow():
    best = streamed(np.eye(2), np.array([[9, 1], [1, 8], [5, 2], [6, 3]], np.float16), np.arange(4), 2, [3])
    assert best.scores.tolist() == [[9, 6], [8, 3]]
    assert best.keys.tolist() == [[0, 3], [1, 3]]


def test_fewer_passages_than_asked_for():
    best = TopK(np.ones((2, 2)), 5)
    best.add(np.empty((0, 2), np.float16), np.empty(0, np.int64))
    best.add(np.array([[1, 0], [0, 3]]), np.array([7, 8]))
    assert best.found.tolist() == [[True, True, False, False, False]] * 2
    assert best.keys[:, :2].tolist() == [[8, 7]] * 2


def test_no_queries():
    best = TopK(np.empty((0, 2)), 3)
    best.add(np.ones((4, 2)), np.arange(4))
    assert best.keys.shape == (0, 3)


def test_memory_does_not_grow_with_the_corpus():
    best = TopK(np.ones((3, 2)), 4)
    shapes = set()
    for start in range(0, 500, 50):
        best.add(np.random.default_rng(start).random((50, 2)), np.arange(start, start + 50))
        shapes.add((best.scores.shape, best.keys.shape))
    assert shapes == {((3, 4), (3, 4))}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
def test_a_query_whose_embedding_is_no_number(value):
    with pytest.raises(ModelError, match="query embeddings: expected finite numbers, found others for 1 of 3"):
        TopK(np.array([[1, 0], [0, value], [1, 1]]), 2)
