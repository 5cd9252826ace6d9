"""hybrid_rows: the rows of xy, some of whose passages change to the language of their query."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chisquare

from hbir.batching.inventory import Inventory
from hbir.batching.pool import two_languages
from hbir.batching.walk import Walk
from hbir.batching.wide_pools import EitherPool
from tests.batching.inventories import LANGUAGES, Pair, fillable, merged, params, plan_of, rows_of
from tests.batching.test_invariants import steps_of


def planned(pairs, alpha, seed=1, size=3, steps=9, name="hybrid_rows"):
    return plan_of(name, pairs, params(size=size, steps=steps, alpha=alpha), seed)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), alpha=st.floats(0, 1), size=st.integers(2, 5), seed=st.integers(0, 99))
def test_no_row_meets_its_text_again_however_the_coins_fall(data, alpha, size, seed):
    pairs = data.draw(fillable(size))
    for rows in steps_of(pairs, planned(pairs, alpha, seed, size)):
        for column in ("passage_id", "query_id", "query", "passage"):
            assert len({row[column] for row in rows}) == size, column


@settings(max_examples=40, deadline=None)
@given(data=st.data(), alpha=st.floats(0, 1), seed=st.integers(0, 99))
def test_alpha_changes_the_languages_of_passages_alone(data, alpha, seed):
    pairs = data.draw(fillable(3))
    two, some, one = (rows_of(planned(pairs, value, seed)) for value in (0.0, alpha, 1.0))
    for (*row, drawn), (*same_row, found), (*again, same) in zip(two, some, one, strict=True):
        assert row == same_row == again
        assert drawn != row[-1] == same
        assert found in (drawn, same)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), low=st.floats(0, 1), high=st.floats(0, 1), seed=st.integers(0, 99))
def test_a_larger_alpha_takes_no_row_back(data, low, high, seed):
    low, high = sorted([low, high])
    pairs = data.draw(fillable(3))
    fewer, more = (
        {row[:2] for row in rows_of(planned(pairs, alpha, seed)) if row[2] == row[3]} for alpha in (low, high)
    )
    assert fewer <= more


@pytest.mark.parametrize("sources", ["a", "ab"])
def test_alpha_zero_is_xy_where_no_text_stands_in_two_pairs(sources):
    pairs = [Pair(i, source=sources[i % len(sources)], passage_id=i // 2 * 2) for i in range(40)]
    assert rows_of(planned(pairs, 0.0, size=8, steps=40)) == rows_of(planned(pairs, 0.5, 1, 8, 40, "xy"))


def test_keys_of_one_example_are_those_of_many():
    pool = EitherPool.of(
        Inventory.of(merged([Pair(i, passage_id=i % 3) for i in range(9)])), "a", LANGUAGES, two_languages
    )
    examples = pool.examples(pool.rows(), np.random.default_rng(0))
    assert [list(pool.keys_of(example)) for example in examples.listed()] == pool.keys(examples).T.tolist()


@settings(max_examples=50, deadline=None)
@given(data=st.data(), size=st.integers(2, 4), counts=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_steps_made_at_once_are_those_made_one_by_one(data, size, counts):
    inventory = Inventory.of(merged(data.draw(fillable(size))))
    at_once, one_by_one = (
        Walk(("test", "a"), EitherPool.of(inventory, "a", LANGUAGES, two_languages), size, 1) for _ in range(2)
    )
    made = [example for count in counts for example in at_once.next_steps(count).listed()]
    assert made == [example for _ in range(sum(counts)) for example in one_by_one.next_step()]
    assert at_once.waiting.listed() == one_by_one.waiting.listed()


def is_likely(observed, shares):
    return chisquare(observed, np.array(shares) * sum(observed)).pvalue > 0.001


@pytest.mark.parametrize("alpha", [0.25, 0.5])
def test_each_row_has_a_coin_of_its_own(alpha):
    """So many rows of a batch as of a binomial distribution are in one language; of hybrid all or none are."""
    size, steps = 4, 2000
    rows = rows_of(planned([Pair(i) for i in range(40)], alpha, 1, size, steps))
    same = np.array([query == passage for _, _, query, passage in rows]).reshape(steps, size).sum(axis=1)
    assert is_likely(np.bincount(same, minlength=size + 1), binom.pmf(range(size + 1), size, alpha))


def test_languages_are_uniform_in_rows_of_one_and_of_two():
    rows = rows_of(planned([Pair(i) for i in range(40)], 0.4, 1, 4, 2000))
    cells = [[sum(row[2:] == (q, p) for row in rows) for p in LANGUAGES] for q in LANGUAGES]
    assert is_likely(np.ravel(cells), np.ravel(np.where(np.eye(3), 0.4 / 3, 0.6 / 6)))
