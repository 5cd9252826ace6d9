"""The randomisation test: known values, scipy's p, its error rate on clustered queries; Holm's correction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, permutation_test

from hbir.core.seeds import generator
from hbir.evaluation import significance
from hbir.evaluation.significance import ALPHA, clusters_needed, effect_size, holm, p_values, resamples_for

SHARES = st.lists(st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 3.0]), min_size=2, max_size=10)
DARWIN = (49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48)


def p_of(shares, resamples=10_000):
    found = p_values(np.array(shares, float)[:, None], resamples, generator(0, "randomisation", "toy"))
    return float(found[0])


def scipys_p(shares):
    pairs = (np.array(shares), np.zeros(len(shares)))
    change = {"statistic": lambda x, y, axis: (x - y).sum(axis=axis), "vectorized": True}
    found = permutation_test(pairs, permutation_type="samples", n_resamples=np.inf, **change)
    return float(found.pvalue)


def test_three_clusters_by_hand():
    """Only +++ and −−− reach 7; four of the eight exchanges of −1, 2 and 4 reach 5."""
    assert p_of([1, 2, 4]) == 2 / 8
    assert p_of([-1, 2, 4]) == 4 / 8
    assert p_of([0, 0, 0]) == 1.0


def test_fishers_own_example():
    """Darwin's 15 pairs of maize: 863 sums of 32,768 are as large (The Design of Experiments, 1935, § 21)."""
    assert p_of(DARWIN, resamples=2**15) == 2 * 863 / 2**15
    assert p_of(DARWIN, resamples=10_000) == pytest.approx(2 * 863 / 2**15, abs=0.01)


@given(SHARES)
def test_p_is_scipys(shares):
    assert p_of(shares) == pytest.approx(scipys_p(shares))


@given(SHARES, st.integers(20, 400))
def test_random_exchanges_come_near_to_all_of_them(shares, resamples):
    """Within five standard errors; the exchange as observed counts as one more."""
    exact = scipys_p(shares)
    found = p_of(shares, min(resamples, 2 ** len(shares) - 1))
    drawn = min(resamples, 2 ** len(shares) - 1)
    assert found >= 1 / (1 + drawn)
    assert abs(found - exact) <= 5 * np.sqrt(exact * (1 - exact) / drawn) + 1 / (1 + drawn)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_exchanging_the_samplers_keeps_p(seed, clusters):
    shares = np.random.default_rng(seed).normal(0.2, 1, clusters)
    assert p_of(shares, 200) == p_of(-shares, 200)


def test_comparisons_are_tested_side_by_side_as_alone_whatever_the_memory(monkeypatch):
    columns = np.random.default_rng(1).normal(0.1, 1, (60, 3))
    together = p_values(columns, 500, generator(0, "a"))
    alone = [float(p_values(columns[:, [i]], 500, generator(0, "a"))[0]) for i in range(3)]
    assert together.tolist() == alone
    monkeypatch.setattr(significance, "CHUNK", 60 * 7)
    assert p_values(columns, 500, generator(0, "a")).tolist() == alone
    assert (p_values(columns, 500, generator(0, "b")) != together).any()


COMPARISONS, QUERIES, TRANSLATIONS = 400, 40, 5


def null_scores(seed):
    """Draw (queries, translations) differences of equal samplers: a query is hard in all its languages."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (QUERIES, 1)) + rng.normal(0, 0.5, (QUERIES, TRANSLATIONS))


def test_equal_samplers_differ_in_one_comparison_of_twenty_and_unclustered_in_many_more():
    """The bound leaves one chance in 1,000; were translations exchanged one by one, it would not hold."""
    scores = np.stack([null_scores(seed) for seed in range(COMPARISONS)], axis=2)  # (queries, translations, c)
    clustered, single = (
        p_values(shares, 1000, generator(0, "null"))
        for shares in (scores.sum(axis=1), scores.reshape(-1, COMPARISONS))
    )
    low, high = binom.ppf([0.0005, 0.9995], COMPARISONS, ALPHA)
    assert low <= (clustered <= ALPHA).sum() <= high
    assert (single <= ALPHA).sum() > 3 * high


def test_a_difference_that_is_there_is_found():
    shares = [null_scores(seed).sum(axis=1) + 4 for seed in range(50)]
    found = p_values(np.stack(shares, axis=1), 1000, generator(0, "power"))
    assert (found <= ALPHA).mean() > 0.9


@pytest.mark.parametrize(
    ("p", "corrected"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # R: p.adjust(p, "holm")
        ([0.2, 0.2, 0.9], [0.6, 0.6, 0.9]),
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.03], [0.03]),
        ([], []),
    ],
)
def test_holm_by_hand(p, corrected):
    assert holm(np.array(p)).tolist() == pytest.approx(corrected)


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=12))
def test_holm_rejects_what_its_steps_reject(p):
    """The original form: compare the k-th smallest with ALPHA / (m − k + 1), and stop at the first above."""
    rejected = set()
    for k, index in enumerate(np.argsort(p, kind="stable").tolist()):
        if p[index] > ALPHA / (len(p) - k):
            break
        rejected.add(index)
    by_steps = [index in rejected for index in range(len(p))]
    near = [abs(value * factor - ALPHA) < 1e-9 for value in p for factor in range(1, len(p) + 1)]
    assert any(near) or (holm(np.array(p)) <= ALPHA).tolist() == by_steps


@pytest.mark.parametrize("comparisons", [1, 2, 7, 14, 100])
def test_with_the_clusters_needed_the_clearest_difference_is_significant_and_with_less_it_is_not(
    comparisons,
):
    needed = clusters_needed(comparisons)
    clearest = [p_of([1.0] * clusters, 2**20) * comparisons for clusters in (needed - 1, needed)]
    assert clearest[0] > ALPHA >= clearest[1]


def test_the_smallest_p_is_far_below_the_level_however_many_are_compared():
    for comparisons in (1, 14, 1000):
        assert comparisons / (1 + resamples_for(comparisons)) <= ALPHA / 10


def test_effect_sizes_by_hand():
    assert effect_size(np.array([1.0, 2.0, 3.0])) == 2.0  # mean 2, standard deviation 1
    assert effect_size(np.array([-1.0, -2.0, -3.0])) == -2.0
    assert effect_size(np.zeros(5)) == 0.0
    assert effect_size(np.full(5, 0.1)) is None
    assert effect_size(np.array([1.0])) is None
    darwin = np.array(DARWIN, float)
    assert effect_size(darwin) == pytest.approx(2.148 / np.sqrt(15), rel=1e-3)  # Fisher's t of 2.148
