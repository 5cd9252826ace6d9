"""Both ways to count what is above a positive: against counting one by one, for any shape, and for NaN."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.evaluation import above
from hbir.evaluation.above import Pools, by_comparing, by_sorting, count_above

METHODS = pytest.mark.parametrize("method", [by_comparing, by_sorting])


def counted(method, scores, positives, langs):
    row, passage = np.array(positives, dtype=np.int64).reshape(-1, 2).T
    with ThreadPoolExecutor(2) as workers:
        return method(scores, row, passage, Pools.of(langs), workers)


def one_by_one(scores, positives, langs):
    """Return above and tied as `Above` has them."""
    languages = np.array(langs)
    found = np.zeros((2, 2, len(positives)), dtype=np.int64)
    for k, (row, passage) in enumerate(positives):
        for pool, members in enumerate((languages == languages[passage], np.full(len(langs), True))):
            others = scores[row, members]
            found[0, pool, k] = np.count_nonzero(others > scores[row, passage])
            found[1, pool, k] = np.count_nonzero(others == scores[row, passage]) > 1
    return found[0], found[1].astype(bool)


@st.composite
def cases(draw):
    """Draw scores with many or few ties and infinities, no to many positives per row, any mix of languages."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows, columns = draw(st.integers(1, 300)), draw(st.integers(1, 90))
    distinct = draw(st.sampled_from([1, 4, 10**5]))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.float16]))
    scores = (rng.integers(0, distinct, (rows, columns)) / 8 - 1).astype(dtype)
    scores[rng.random(scores.shape) < 0.05] = rng.choice([np.inf, -np.inf, 0.0, -0.0])
    langs = rng.choice(["de", "fr", "th", "zh"][: draw(st.integers(1, 4))], columns).tolist()
    positives = np.argwhere(rng.random((rows, columns)) < draw(st.sampled_from([0.0, 0.02, 0.2])))
    return scores, positives, sorted(langs) if draw(st.booleans()) else langs


@METHODS
@given(case=cases())
def test_counts_are_those_of_counting_one_by_one(method, case):
    scores, positives, langs = case
    before = scores.copy()
    result = counted(method, scores, positives, langs)
    expected_above, expected_tied = one_by_one(scores, positives, langs)
    np.testing.assert_array_equal(result.above, expected_above)
    np.testing.assert_array_equal(result.tied, expected_tied)
    assert result.numbers
    np.testing.assert_array_equal(scores, before)


@METHODS
def test_wide_pools_overflow_no_sum(method):
    """Above a positive stand more of its language than one byte, or 255 words of 8, can count."""
    langs = ["de"] * 5000 + ["fr"] * 2041 + ["th"] * 7
    scores = np.arange(2 * len(langs), dtype=np.float32).reshape(2, -1)
    positives = [(0, 0), (0, 4999), (0, 5000), (1, 1), (1, 7041)]
    result = counted(method, scores, positives, langs)
    assert result.above.tolist() == [[4999, 0, 2040, 4998, 6], [7047, 2048, 2047, 7046, 6]]
    assert not result.tied.any()


@METHODS
@pytest.mark.parametrize("place", [(0, 0), (2, 8), (299, 3), (299, 12)])
def test_nan_is_found_wherever_it_stands(method, place):
    scores = np.zeros((300, 13), dtype=np.float32)
    scores[place] = np.nan
    assert not counted(method, scores, [(1, 1)], ["de"] * 5 + ["fr"] * 8).numbers


@METHODS
def test_no_rows(method):
    result = counted(method, np.zeros((0, 3), dtype=np.float32), [], ["de", "fr", "de"])
    assert (result.above.shape, result.tied.shape, result.numbers) == ((2, 0), (2, 0), True)


@pytest.mark.parametrize(("most", "chosen"), [(3, "by_comparing"), (2, "by_sorting")])
def test_the_most_positives_of_a_row_decide_the_method(monkeypatch, most, chosen):
    def method(name):
        return lambda *_: name

    for name in ("by_comparing", "by_sorting"):
        monkeypatch.setattr(above, name, method(name))
    monkeypatch.setattr(above, "MOST_COMPARED", most)
    scores = np.zeros((4, 5), dtype=np.float32)
    assert counted(count_above, scores, [(0, 1), (3, 0), (3, 2), (3, 4)], ["de"] * 5) == chosen
