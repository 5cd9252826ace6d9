"""Who is champion: only a version that is better, on the same queries, and not by chance."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hbir.tracking.champion import FIRST, Metric, Scored, judge

METRIC = Metric.of("cldr/multilingual/map")
QUERIES = 40


def scored(version: str, values: Any, measure: str = "map", benchmark: str = "1", **changes: Any) -> Scored:
    number = len(values)
    columns = {
        "setting": ["multilingual"] * number,
        "query_id": [str(query) for query in range(number)],
        "cluster": [str(query) for query in range(number)],
        "query_lang": ["de"] * number,
        "pool": ["all"] * number,
        measure: np.asarray(values, float),
    }
    return Scored(version=version, benchmark=benchmark, queries=pa.table(columns | changes))


def noise(seed: int, spread: float = 0.1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, spread, QUERIES)


BEFORE = scored("1", 0.5 + noise(0))


def test_a_benchmark_may_have_slashes_in_its_name():
    metric = Metric.of("beir/my set/monolingual/ndcg@10")
    assert metric == ("beir/my set", "monolingual", "ndcg@10")
    assert str(metric) == "beir/my set/monolingual/ndcg@10"


def test_the_first_one_wins():
    assert judge(BEFORE, None, METRIC) == FIRST


def test_a_clear_gain_wins():
    found = judge(scored("2", 0.6 + noise(0)), BEFORE, METRIC)
    assert found.wins
    assert found.reason == "better than version 1 (p < .001)"


def test_a_clear_loss_does_not():
    found = judge(scored("2", 0.4 + noise(0)), BEFORE, METRIC)
    assert not found.wins
    assert found.reason == "worse than version 1 (p < .001)"


def test_a_gain_that_may_be_chance_does_not():
    ahead = scored("2", 0.505 + noise(1))
    assert np.mean(ahead.queries["map"]) > np.mean(BEFORE.queries["map"])  # type: ignore[index]
    found = judge(ahead, BEFORE, METRIC)
    assert not found.wins
    assert found.reason.startswith("no difference shown beside version 1 (p .")


def test_of_equal_versions_few_win():
    """At a level of .05, by which chance wins in one of forty pairs from the better side."""
    wins = [judge(scored("2", noise(2 * i)), scored("1", noise(2 * i + 1)), METRIC).wins for i in range(80)]
    assert sum(wins) <= 6


def test_less_may_be_better():
    metric = Metric.of("cldr/multilingual/rank_distance")
    before, after = (
        scored(name, 100 * level + noise(0), "rank_distance") for name, level in (("1", 2), ("2", 1))
    )
    assert judge(after, before, metric).wins
    assert not judge(before, after, metric).wins


def test_a_measure_without_a_better_side_decides_nothing():
    metric = Metric.of("cldr/multilingual/same_language@10")
    one, other = (
        scored(name, level + noise(0), "same_language@10") for name, level in (("1", 0.2), ("2", 0.6))
    )
    assert judge(other, one, metric).reason.startswith("higher than version 1")
    assert not judge(other, one, metric).wins


@pytest.mark.parametrize(
    ("new", "champion", "why"),
    [
        (Scored(version="2"), BEFORE, "it has no scores per query for cldr/multilingual/map"),
        (Scored(version="2"), None, "it has no scores per query for cldr/multilingual/map"),
        (BEFORE, Scored(version="1"), "version 1 has no scores per query for cldr/multilingual/map"),
        (scored("2", 0.6 + noise(0), benchmark="2"), BEFORE, "version 1 was scored on cldr 1"),
        (scored("2", [0.6] * 39), BEFORE, "version 1 was scored on other queries"),
        (scored("2", [0.6] * 40, pool=["de"] * 40), BEFORE, "version 1 was scored on other queries"),
        (scored("2", [0.6, np.nan] * 20), BEFORE, "version 1 has map of other queries"),
        (scored("2", [0.6] * 40, "recall@1"), BEFORE, "version 1 has map of other queries"),
    ],
)
def test_what_cannot_be_compared_does_not_win(new: Scored, champion: Scored | None, why: str):
    found = judge(new, champion, METRIC)
    assert not found.wins
    assert found.reason == f"not compared: {why}"


def test_too_few_queries_do_not_win():
    few = [scored(version, [level, level + 0.1, level + 0.2]) for version, level in (("1", 0.2), ("2", 0.7))]
    found = judge(few[1], few[0], METRIC)
    assert not found.wins
    assert found.reason == "too few queries beside version 1"
