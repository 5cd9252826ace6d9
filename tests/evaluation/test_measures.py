"""Every measure by hand."""

import math

import numpy as np
import pytest

from hbir.evaluation.measures import MEASURES, NAMES, Rankings, ndcg, rank_distance, recall, reciprocal_rank


def rankings(*ranks, gain=None):
    flat = [rank for ranking in ranks for rank in ranking]
    sizes = [len(ranking) for ranking in ranks]
    return Rankings(
        rank=np.array(flat, dtype=np.float64),
        start=np.cumsum([0, *sizes[:-1]]),
        n_relevant=np.array(sizes),
        gain=np.ones(len(flat)) if gain is None else np.array(gain, dtype=np.float64),
    )


def test_names_are_those_of_the_reports():
    assert NAMES == (
        "map",
        "map@20",
        "recall@1",
        "recall@10",
        "mrr@10",
        "ndcg@10",
        "recall@100",
        "rank_distance",
    )


@pytest.mark.parametrize(
    ("name", "ranks", "expected"),
    [
        ("map", [1], 1.0),
        ("map", [4], 0.25),
        ("map", [1, 3, 6], (1 / 1 + 2 / 3 + 3 / 6) / 3),
        ("map", [2, math.inf], 0.25),
        ("map", [math.inf], 0.0),
        ("map@20", [2, 20, 21], (1 / 2 + 2 / 20) / 3),
        ("map@20", list(range(1, 31)), 1.0),
        ("map@20", [21], 0.0),
        ("recall@1", [1, 2], 0.5),
        ("recall@1", [2], 0.0),
        ("recall@10", [1, 10, 11, math.inf], 0.5),
        ("recall@100", [10, 100, 101], 2 / 3),
        ("mrr@10", [3, 4], 1 / 3),
        ("mrr@10", [10], 0.1),
        ("mrr@10", [11], 0.0),
        ("ndcg@10", [1], 1.0),
        ("ndcg@10", [2, 11], (1 / math.log2(3)) / (1 + 1 / math.log2(3))),
        ("ndcg@10", list(range(1, 13)), 1.0),
        ("ndcg@10", [math.inf], 0.0),
    ],
)
def test_one_ranking(name, ranks, expected):
    assert MEASURES[name](rankings(ranks)) == pytest.approx([expected], abs=1e-15)


def test_rankings_do_not_mix():
    three = rankings([1, 3, 6], [2], [4, 12])
    assert MEASURES["map"](three) == pytest.approx([(1 + 2 / 3 + 1 / 2) / 3, 1 / 2, (1 / 4 + 2 / 12) / 2])
    assert recall(three, 3) == pytest.approx([2 / 3, 1, 0])
    assert reciprocal_rank(three, 3) == pytest.approx([1, 1 / 2, 0])
    discount = [1 / math.log2(rank + 1) for rank in range(1, 5)]
    assert ndcg(three, 3) == pytest.approx([(discount[0] + discount[2]) / sum(discount[:3]), discount[1], 0])
    assert three.position.tolist() == [1, 2, 3, 1, 1, 2]


def test_graded_gains_are_discounted_and_set_against_the_best_order():
    two = rankings([1, 2], [2, 3, 11], gain=[1, 3, 2, 1, 4])
    log = [math.log2(place + 1) for place in range(12)]
    first = (1 / log[1] + 3 / log[2]) / (3 / log[1] + 1 / log[2])
    second = (2 / log[2] + 1 / log[3]) / (4 / log[1] + 2 / log[2] + 1 / log[3])
    assert ndcg(two, 10) == pytest.approx([first, second])
    assert ndcg(two, 1) == pytest.approx([1 / 3, 0])


def test_rank_distance():
    distances = rank_distance(rankings([1, 3, 6], [7], [4, 12], [2, math.inf], [math.inf, math.inf]))
    np.testing.assert_array_equal(distances, [5, 0, 8, np.nan, np.nan])


@pytest.mark.parametrize("measure", [*MEASURES.values(), rank_distance])
def test_no_rankings_give_no_values(measure):
    empty = np.array([], dtype=np.int64)
    none = Rankings(rank=empty.astype(float), start=empty, n_relevant=empty, gain=empty.astype(float))
    assert measure(none).shape == (0,)
