from hbir.batching.summary import language_composition, monolingual_steps, summary_line
from tests.batching.inventories import Pair, params, plan_of


def halves():
    pairs = [Pair(i, languages=["de", "en"]) for i in range(8)]
    return plan_of("hybrid", pairs, params(size=8, steps=4, alpha=[[0.5, 1.0], [1.0, 0.0]]))


def test_language_composition_counts_every_example_once():
    plan = halves()
    counts = language_composition(plan)
    assert sum(row.count for row in counts) == 32
    assert [(row.query_lang, row.passage_lang) for row in counts] == sorted(
        set(zip(plan.query_langs, plan.passage_langs, strict=True))
    )
    crossed = {("de", "en"), ("en", "de")}
    assert sum(row.count for row in counts if (row.query_lang, row.passage_lang) in crossed) == 16


def test_monolingual_steps_are_those_of_one_language():
    assert monolingual_steps(halves()).tolist() == [True, True, False, False]


def test_summary_line():
    expected = "hybrid: 4 steps of 8, 8 of 9 pairs in 2 languages, 50 % of the steps in one language"
    assert summary_line(halves(), available=9) == expected
