"""What was seen is never denied, and what was not is hardly ever taken for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.collection import bloom
from hbir.collection.bloom import Bloom


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1)), st.integers(1, 100))
def test_what_was_added_is_there(numbers, memory):
    filled = Bloom(memory)
    for number in numbers:
        filled.add(number)
        assert number in filled
    assert all(number in filled for number in numbers)


@pytest.mark.parametrize(("bits", "stated"), [(16, 1 / 400), (8, 1 / 40)])
def test_the_rate_is_the_one_that_is_stated(monkeypatch, bits, stated):
    """In 20,000 trials, four standard deviations of a binomial count."""
    monkeypatch.setattr(bloom, "_WAITING", 1000)
    filled, rng = Bloom(1 << 14), np.random.default_rng(1)
    assert filled.bits == 1 << 17
    for number in rng.integers(-(1 << 63), 1 << 63, size=filled.bits // bits).tolist():
        filled.add(number)
    strangers = rng.integers(-(1 << 63), 1 << 63, size=20_000).tolist()
    found = sum(number in filled for number in strangers) / len(strangers)
    assert filled.false_positive_rate == pytest.approx(stated, rel=0.15)
    assert abs(found - stated) < 0.1 * stated + 4 * (stated / len(strangers)) ** 0.5


@pytest.mark.parametrize("memory", [0, 1, 8, 1000, 1 << 20])
def test_it_takes_no_more_than_it_may(memory):
    assert Bloom(memory)._bytes.nbytes <= max(8, memory)
    assert Bloom(memory)._bytes.nbytes > memory / 2 - 8
