"""Frequencies, on fixed seeds: a statistic further out than 1 in 1000 would be a fault."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chisquare

from hbir.batching.summary import monolingual_steps
from tests.batching.inventories import LANGUAGES, Pair, params, plan_of, rows_of

STEPS = 2000


def two_sources():
    small = [Pair(i, source="small") for i in range(10)]
    return small + [Pair(100 + i, source="large") for i in range(90)]


def is_likely(observed, shares):
    total = sum(observed)
    return chisquare(observed, np.array(shares) * total).pvalue > 0.001


@pytest.mark.parametrize("composition", ["xx", "xy", "mixed", "english"])
@pytest.mark.parametrize(("exponent", "small_share"), [(0.0, 1 / 2), (0.5, 1 / 4), (1.0, 1 / 10)])
def test_sources_weigh_pairs_to_the_exponent(composition, exponent, small_share):
    plan = plan_of(composition, two_sources(), params(steps=STEPS, exponent=exponent))
    small = sum(batch.pair_ids[0] < 100 for batch in plan.batches())
    assert is_likely([small, STEPS - small], [small_share, 1 - small_share])


def test_xy_weighs_pairs_that_exist_in_two_languages():
    alone = [Pair(1000 + i, source="small", languages=["de"]) for i in range(80)]
    plan = plan_of("xy", two_sources() + alone, params(steps=STEPS, exponent=1.0))
    small = sum(batch.pair_ids[0] < 100 for batch in plan.batches())
    assert is_likely([small, STEPS - small], [1 / 10, 9 / 10])


def test_xx_weighs_pairs_of_the_language():
    more = [Pair(1000 + i, source="small", languages=["de"]) for i in range(80)]
    plan = plan_of("xx", two_sources() + more, params(steps=STEPS, exponent=1.0))
    small = Counter(batch.query_langs[0] for batch in plan.batches() if not 100 <= batch.pair_ids[0] < 1000)
    steps = Counter(batch.query_langs[0] for batch in plan.batches())
    assert is_likely([small["de"], steps["de"] - small["de"]], [1 / 2, 1 / 2])
    assert is_likely([small["fr"], steps["fr"] - small["fr"]], [1 / 10, 9 / 10])


def test_xx_languages_are_uniform_whatever_their_size():
    pairs = two_sources() + [Pair(1000 + i, languages=["de"], source="large") for i in range(100)]
    counts = Counter(batch.query_langs[0] for batch in plan_of("xx", pairs, params(steps=STEPS)).batches())
    assert is_likely([counts[language] for language in LANGUAGES], [1 / 3] * 3)


def test_xy_language_pairs_are_uniform_over_those_a_row_has():
    pairs = [Pair(i) for i in range(40)] + [Pair(100 + i, languages=["de", "en"]) for i in range(40)]
    rows = rows_of(plan_of("xy", pairs, params(steps=STEPS)))
    full = Counter(row[2:] for row in rows if row[1] < 100)
    partial = Counter(row[2:] for row in rows if row[1] >= 100)
    assert len(full) == 6
    assert is_likely(list(full.values()), [1 / 6] * 6)
    assert sorted(partial) == [("de", "en"), ("en", "de")]
    assert is_likely(list(partial.values()), [1 / 2] * 2)


def test_mixed_languages_are_uniform_over_those_a_row_has_and_differ_within_a_step():
    plan = plan_of("mixed", [Pair(i) for i in range(40)], params(size=8, steps=300))
    counts = Counter(row[2] for row in rows_of(plan))
    assert is_likely([counts[language] for language in LANGUAGES], [1 / 3] * 3)
    assert not monolingual_steps(plan).any()


def test_share_of_xx_steps_is_alpha():
    mono = monolingual_steps(plan_of("hybrid", two_sources(), params(steps=STEPS, alpha=0.3))).sum()
    assert is_likely([mono, STEPS - mono], [0.3, 0.7])


def test_share_of_xx_steps_follows_the_schedule():
    schedule = [[0.25, 1.0], [0.75, 0.4], [1.0, 0.0]]
    plan = plan_of("hybrid", two_sources(), params(steps=STEPS, alpha=schedule))
    first, *middle, last = (float(part.mean()) for part in np.array_split(monolingual_steps(plan), 4))
    assert (first, last) == (1.0, 0.0)
    mono = round(sum(middle) * STEPS / 4)
    assert is_likely([mono, STEPS // 2 - mono], [0.4, 0.6])


def test_schedule_of_two_halves_divides_an_even_plan_exactly():
    plan = plan_of("hybrid", two_sources(), params(steps=10, alpha=[[0.5, 1.0], [1.0, 0.0]]))
    assert monolingual_steps(plan).tolist() == [True] * 5 + [False] * 5
