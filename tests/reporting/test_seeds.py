"""Seeds: means, spreads and claims by hand."""

from typing import Any

from hbir.reporting.seeds import summarise


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
