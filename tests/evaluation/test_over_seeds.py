"""Intervals over seeds: a slow twin, known widths, and no interval from one seed."""

import numpy as np
import pytest

from hbir.core.errors import DataError
from hbir.core.seeds import generator
from hbir.evaluation.over_seeds import averaged, resample_seeds
from tests.evaluation.tables import mono


def of_seed(values, sampler="a"):
    """Make one seed's table of a sampler; every query has a German and a French version."""
    rows = [(f"c{i:03}", lang, value) for i, value in enumerate(values) for lang in ("de", "fr")]
    return {sampler: mono(*rows)}


def random_seeds(number, queries, between, within=0.1, seed=0):
    rng = np.random.default_rng(seed)
    return [of_seed(0.5 + between * rng.normal() + within * rng.normal(size=queries)) for _ in range(number)]


def test_each_resample_draws_seeds_and_then_the_same_clusters_in_all_of_them():
    values = np.random.default_rng(3).random((3, 7))
    seeds = [of_seed(row) for row in values]
    found = resample_seeds(seeds, "toy", ["map"], resamples=40)["monolingual"]
    clusters = generator(0, "intervals", "toy", "monolingual").integers(0, 7, (40, 7))
    drawn = generator(0, "seeds", "toy", "monolingual").integers(0, 3, (40, 3))
    expected = [
        np.mean([np.mean(values[seed, chosen]) for seed in some])
        for some, chosen in zip(drawn, clusters, strict=True)
    ]
    assert found.resampled.resampled[:, 0, 0].tolist() == pytest.approx(expected)
    assert found.by_seed[:, 0, 0].tolist() == pytest.approx(values.mean(axis=1).tolist())
    assert found.resampled.means.item() == pytest.approx(values.mean())


def test_seeds_that_agree_have_the_interval_of_one():
    [one] = random_seeds(1, 200, between=0.0)
    found = resample_seeds([one, one, one], "toy", ["map"])["monolingual"].resampled
    values = np.array(one["a"]["map"].to_pylist())[::2]
    interval = found.interval(0, 0)
    assert interval is not None
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(200), rel=0.1)


def test_the_spread_between_seeds_widens_it():
    """Of 20 seeds the interval is that of a mean of 20, where queries add next to nothing."""
    seeds = random_seeds(20, 400, between=0.05, within=0.001)
    found = resample_seeds(seeds, "toy", ["map"], resamples=4000)["monolingual"]
    interval = found.resampled.interval(0, 0)
    assert interval is not None
    spread = found.by_seed[:, 0, 0].std()
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * spread / np.sqrt(20), rel=0.08)


def test_it_holds_the_true_mean_about_as_often_as_it_says():
    """Of 10 seeds and 60 queries; a bootstrap of so few seeds is a little too narrow."""
    held = 0
    for number in range(100):
        seeds = random_seeds(10, 60, between=0.03, seed=number)
        interval = resample_seeds(seeds, "toy", ["map"], resamples=300)["monolingual"].resampled.interval(0, 0)
        assert interval is not None
        held += interval.low <= 0.5 <= interval.high
    assert 82 <= held <= 99


def test_differences_are_taken_in_the_same_seeds():
    """What a seed does to both samplers is not in their difference."""
    rng = np.random.default_rng(4)
    seeds = []
    for _ in range(4):
        values = 0.5 + 0.2 * rng.normal() + rng.normal(0, 0.1, 30)
        seeds.append(of_seed(values + 0.05, "a") | of_seed(values, "b"))
    found = resample_seeds(seeds, "toy", ["map"])["monolingual"].resampled
    change = found.difference(0, 1, 0)
    assert change is not None
    assert (change.low, change.high) == pytest.approx((0.05, 0.05))


def test_one_seed_is_refused():
    with pytest.raises(
        DataError, match="toy: expected at least two seeds for an interval over seeds, found 1. Make"
    ):
        resample_seeds(random_seeds(1, 10, 0.1), "toy", ["map"])


def test_seeds_on_other_queries_are_refused():
    with pytest.raises(DataError, match="the same queries"):
        resample_seeds([of_seed([0.1, 0.2]), of_seed([0.1])], "toy", ["map"])


def test_scores_are_averaged_query_by_query():
    means = averaged([of_seed([0.1, None]), of_seed([0.3, 0.5])], ["map"])
    assert means["a"]["map"].to_pylist() == [pytest.approx(0.2)] * 2 + [None] * 2
    assert means["a"].schema == of_seed([0.1])["a"].schema
