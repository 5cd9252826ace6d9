import pytest

from hbir.batching.build import draft_plan
from hbir.batching.inventory import Inventory
from hbir.batching.summary import language_composition, monolingual_steps, repeats_pairs
from tests.batching.inventories import NAMES, Pair, merged, params, plan_of, rows_of

PAIRS = [Pair(i, languages=["de", "en"]) for i in range(8)]
PARAMS = params(size=8, steps=4, alpha=[[0.5, 1.0], [1.0, 0.0]])


def halves():
    return plan_of("hybrid", PAIRS, PARAMS)


def test_language_composition_counts_every_example_once():
    plan = halves()
    counts = language_composition(plan)
    assert sum(row.count for row in counts) == 32
    assert [(row.query_lang, row.passage_lang) for row in counts] == sorted({row[2:] for row in rows_of(plan)})
    crossed = {("de", "en"), ("en", "de")}
    assert sum(row.count for row in counts if (row.query_lang, row.passage_lang) in crossed) == 16


def test_monolingual_steps_are_those_of_one_language():
    assert monolingual_steps(halves()).tolist() == [True, True, False, False]


def test_summary_line():
    draft = draft_plan("hybrid", Inventory.of(merged([*PAIRS, Pair(8, languages=["en"])])), PARAMS, 1, "f")
    list(draft.parts())
    expected = "hybrid: 4 steps of 8, 8 of 9 pairs in 2 languages, 50 % of the steps in one language"
    assert draft.tally.summary_line(draft) == expected


@pytest.mark.parametrize("name", NAMES)
def test_all_languages_alone_repeats_pairs_within_a_step(name):
    plan = plan_of(name, PAIRS, params(size=3, steps=8))
    assert repeats_pairs(plan) == (name == "all_languages")
