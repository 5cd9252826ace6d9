"""Seeds: means, spreads and claims by hand; runs that cannot be summarised."""

import copy
from typing import Any

import pytest

from hbir.core.errors import DataError
from hbir.reporting.seeds import refuse_unlike, summarise


def run(hybrid: float, xy: float, xx: float, distances: tuple[float, float]) -> dict[str, Any]:
    def settings(value: float, distance: float) -> dict[str, Any]:
        maps = {"monolingual": value, "cross_lingual": value / 2, "multilingual": value / 4}
        return {"cldr": {"map": maps, "rank_distance": distance}}

    return {"hybrid": settings(hybrid, distances[0]), "xy": settings(xy, 0), "xx": settings(xx, distances[1])}


def test_mean_and_sample_deviation_are_those_of_the_seeds():
    text = summarise([run(0.8, 0.7, 0.9, (10, 20)), run(0.6, 0.65, 0.5, (30, 20))])
    assert "| cldr, 2 seeds | monolingual mAP |" in text
    assert "| hybrid | 0.700 ± 0.141 | 0.350 ± 0.071 | 0.175 ± 0.035 | 20 ± 14 |" in text


def test_claims_are_counted_seed_by_seed():
    text = summarise([run(0.8, 0.7, 0.9, (10, 20)), run(0.6, 0.65, 0.5, (30, 20))])
    assert "- hybrid above xy, monolingual mAP: in 1 of 2 seeds (+0.100, -0.050)" in text
    assert "- hybrid above xx, cross-lingual mAP: in 1 of 2 seeds (-0.050, +0.050)" in text
    assert "- hybrid below xx, rank distance: in 1 of 2 seeds (-10.0, +10.0)" in text


def test_one_seed_has_no_spread():
    assert "| xy | 0.700 ± 0.000 |" in summarise([run(0.8, 0.7, 0.9, (10, 20))])


def other(hybrid: float, xy: float) -> dict[str, Any]:
    def scores(value: float) -> dict[str, Any]:
        accuracy = {"recall@1": {"cross_lingual": value}}
        return {"miracl": {"ndcg@10": {"monolingual": value}}, "tatoeba": accuracy}

    return {"hybrid": scores(hybrid), "xy": scores(xy)}


def test_each_benchmark_has_its_own_measure_and_settings():
    tables = summarise([other(0.5, 0.25), other(0.75, 0.5)]).split("\n\n")
    assert tables[0].splitlines()[0] == "| miracl, 2 seeds | monolingual nDCG@10 |"
    assert tables[0].splitlines()[2] == "| hybrid | 0.625 ± 0.177 |"
    assert tables[1] == "- hybrid above xy, monolingual nDCG@10: in 2 of 2 seeds (+0.250, +0.250)"
    assert tables[2].splitlines()[0] == "| tatoeba, 2 seeds | cross-lingual accuracy |"


def test_seeds_must_differ():
    runs = {"HEAD": other(0.5, 0.25), "seed-2": other(0.5, 0.25), "again": other(0.5, 0.25)}
    refuse_unlike(runs, {"HEAD": 1, "seed-2": 2, "again": 3})
    with pytest.raises(DataError, match="HEAD and again: expected seeds that differ, found seed 1 in both"):
        refuse_unlike(runs, {"HEAD": 1, "seed-2": 2, "again": 1})


@pytest.mark.parametrize("lost", [("xy",), ("xy", "tatoeba"), ("xy", "miracl", "ndcg@10", "monolingual")])
def test_runs_must_hold_the_same_things(lost):
    one, two = other(0.5, 0.25), copy.deepcopy(other(0.5, 0.25))
    inside = two
    for key in lost[:-1]:
        inside = inside[key]
    del inside[lost[-1]]
    with pytest.raises(DataError, match="seed-2: expected scores of the samplers and benchmarks of HEAD"):
        refuse_unlike({"HEAD": one, "seed-2": two}, {"HEAD": 1, "seed-2": 2})
