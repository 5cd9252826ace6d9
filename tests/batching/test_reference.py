from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.batching.build import make_plan
from hbir.batching.inventory import Inventory
from hbir.core.errors import PlanError
from tests.batching.inventories import NAMES, Pair, any_pairs, fillable, merged, params, rows_of
from tests.batching.reference import CannotFillError, SlowPlanner


def slow(composition, pairs, batch_params, seed):
    try:
        return SlowPlanner(pairs, batch_params, seed).plan(composition)
    except CannotFillError:
        return "cannot fill"


def fast(composition, pairs, batch_params, seed):
    try:
        return rows_of(make_plan(composition, Inventory.of(pairs), batch_params, seed, ""))
    except PlanError:
        return "cannot fill"


@pytest.mark.parametrize("composition", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data(), seed=st.integers(0, 99))
def test_plan_equals_that_of_the_slow_planner(composition, data, seed):
    size = data.draw(st.integers(4, 9) if composition == "all_languages" else st.integers(2, 4))
    pairs = merged(data.draw(fillable(size)))
    batch_params = params(size=size, steps=8, alpha=[[0.5, 0.7], [1.0, 0.2]])
    expected = slow(composition, pairs, batch_params, seed)
    assert fast(composition, pairs, batch_params, seed) == expected


@pytest.mark.parametrize("composition", NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data(), seed=st.integers(0, 99))
def test_planner_and_slow_planner_refuse_the_same(composition, data, seed):
    pairs = merged(data.draw(any_pairs()))
    batch_params = params(size=5 if composition == "all_languages" else 3, steps=6)
    assert fast(composition, pairs, batch_params, seed) == slow(composition, pairs, batch_params, seed)


@pytest.mark.parametrize("composition", NAMES)
@settings(max_examples=8, deadline=None)
@given(data=st.data(), seed=st.integers(0, 99))
def test_so_it_does_where_many_pairs_wait(composition, data, seed):
    """One passage, one query or one text is in half of the pairs."""
    hub = data.draw(st.sets(st.sampled_from(["passage_id", "query_id", "queries", "passages"]), min_size=1))
    values: dict[str, Any] = {
        "passage_id": 1,
        "query_id": 1,
        "queries": {"de": "x", "en": "x"},
        "passages": {"en": "y"},
    }
    pairs = [Pair(number) for number in range(8)]
    pairs += [
        Pair(100 + number, **{name: values[name] for name in hub if data.draw(st.booleans())})
        for number in range(10)
    ]
    batch_params = params(size=4, steps=30, alpha=0.5)
    expected = slow(composition, merged(pairs), batch_params, seed)
    assert fast(composition, merged(pairs), batch_params, seed) == expected
