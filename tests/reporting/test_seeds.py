"""Seeds: means, spreads and claims by hand; runs that cannot be summarised."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from hbir.core.errors import DataError
from hbir.reporting.seeds import SeedRun, refuse_unlike, summarise


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
    assert "| xy | 0.700 | 0.350 |" in summarise([run(0.8, 0.7, 0.9, (10, 20))])


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


def seed_run(metrics: dict[str, Any], seed: int, **params: Any) -> SeedRun:
    given = {"seed": seed, "sampler": "hybrid", "train": {"decay": "linear", "temperature": 0.05}, **params}
    return SeedRun(metrics=metrics, params=given, fixed={"hbir/training": "a" * 32})


def test_seeds_must_differ():
    runs = {name: seed_run(other(0.5, 0.25), seed) for name, seed in (("HEAD", 1), ("seed-2", 2), ("again", 3))}
    refuse_unlike(runs)
    runs["again"] = seed_run(other(0.5, 0.25), 1)
    with pytest.raises(DataError, match="HEAD and again: expected seeds that differ, found seed 1 in both"):
        refuse_unlike(runs)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": {"decay": "cosine", "temperature": 0.05}}, 'train.decay: "cosine" instead of "linear"'),
        ({"batches": {"hybrid": {"alpha": 0.3}}}, "batches.hybrid.alpha: 0.3 instead of null"),
        ({"languages": ["de"], "a": 1, "b": 2, "c": 3}, "a: 1 instead of null; .*; and 1 more"),
    ],
)
def test_runs_that_differ_in_more_than_the_seed_are_refused(changes: dict[str, Any], message: str):
    runs = {"HEAD": seed_run(other(0.5, 0.25), 1), "seed-2": seed_run(other(0.5, 0.25), 2, **changes)}
    with pytest.raises(DataError, match=f"seed-2: expected nothing but another seed.*, found {message}"):
        refuse_unlike(runs)


def test_what_decides_no_score_may_differ():
    two = seed_run(other(0.5, 0.25), 2, sampler="xx", tracking={"log_every": 5})
    refuse_unlike({"HEAD": seed_run(other(0.5, 0.25), 1), "two": two})


def test_other_code_is_named():
    runs = {"HEAD": seed_run(other(0.5, 0.25), 1), "seed-2": seed_run(other(0.5, 0.25), 2)}
    runs["seed-2"] = replace(runs["seed-2"], fixed={"hbir/training": "b" * 32})
    with pytest.raises(DataError, match="found another content of hbir/training"):
        refuse_unlike(runs)


@pytest.mark.parametrize("lost", [("xy",), ("xy", "tatoeba"), ("xy", "miracl", "ndcg@10", "monolingual")])
def test_runs_must_hold_the_same_things(lost):
    one, two = other(0.5, 0.25), copy.deepcopy(other(0.5, 0.25))
    inside = two
    for key in lost[:-1]:
        inside = inside[key]
    del inside[lost[-1]]
    with pytest.raises(DataError, match="seed-2: .*found scores of other samplers, benchmarks or measures"):
        refuse_unlike({"HEAD": seed_run(one, 1), "seed-2": seed_run(two, 2)})
