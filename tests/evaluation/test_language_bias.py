"""Measures of language bias: by hand, against the slow twin, and PEER against the package of its authors."""

import dataclasses
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from peer_measure import PEER, PEEREvaluator
from scipy.stats import chi2

from hbir.evaluation.bias_suite import BIAS_NAMES
from hbir.evaluation.evaluate import evaluate, evaluate_run
from hbir.evaluation.language_bias import MEASURES
from hbir.evaluation.measures import Rankings
from hbir.evaluation.pooled import PooledRankings
from hbir.evaluation.preferences import PREFERENCES
from hbir.evaluation.ranking import neutral_order
from hbir.evaluation.top_languages import spearman
from tests.evaluation import bias_reference, reference
from tests.evaluation.conftest import in_chunks, make_task, scored_tasks


def pooled(*queries, pool=20):
    """Give the ranks of relevant passages, best first, each as (rank, language), after the query's language."""
    flat = [pair for _, ranks in queries for pair in ranks]
    sizes = [len(ranks) for _, ranks in queries]
    return PooledRankings(
        query=np.arange(len(queries)),
        rankings=Rankings(
            rank=np.array([rank for rank, _ in flat], dtype=np.float64),
            start=np.cumsum([0, *sizes[:-1]]),
            n_relevant=np.array(sizes),
            gain=np.ones(len(flat)),
        ),
        lang=np.array([lang for _, lang in flat]),
        query_lang=np.array([lang for lang, _ in queries]),
        pool=pool,
    )


THREE = pooled(
    (0, [(2, 0), (5, 1), (11, 2)]),  # its language first, the others at 5 and 11
    (1, [(1, 0), (3, 1), (4, 0)]),  # another language first
    (2, [(1, 2), (9, 2)]),  # one language alone: nothing can be said
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rank_distance_share", [9 / 20, 3 / 20, np.nan]),
        ("max@r", [11, 4, np.nan]),
        ("max@r_share", [8 / 17, 1 / 17, np.nan]),
        ("language_preference", [1, 0, np.nan]),
        ("tlr@10", [1 / 2, 1, np.nan]),
        # Without the passage of rank 2 the others are at 4 and 10; without that of rank 3, at 1 and 3.
        ("map_other", [(1 / 4 + 2 / 10) / 2, (1 + 2 / 3) / 2, np.nan]),
        # Ranks 1, 4 and 3: mean 8/3, between 2 · (2.5 − 8/3)² + (3 − 8/3)² = 1/6, in all 14/3.
        ("peer", [np.nan, chi2.sf(2 * (1 / 6) / (14 / 3), 1), np.nan]),
    ],
)
def test_by_hand(name, expected):
    np.testing.assert_allclose(MEASURES[name](THREE), expected, rtol=1e-12)


def test_a_query_without_a_passage_in_its_language_has_no_preference_between_it_and_others():
    one = pooled((2, [(1, 0), (2, 1)]))
    assert np.isnan(MEASURES["language_preference"](one))
    assert MEASURES["tlr@10"](one) == 1
    assert MEASURES["map_other"](one) == 1


def test_what_was_not_retrieved_leaves_no_number_but_recall_and_precision():
    one = pooled((0, [(1, 0), (np.inf, 1), (np.inf, 1)]))
    values = {name: measure(one)[0] for name, measure in MEASURES.items()}
    assert {name for name, value in values.items() if not np.isnan(value)} == {
        "tlr@10",
        "map_other",
        "language_preference",
    }
    assert values["tlr@10"] == values["map_other"] == 0


def test_an_uncounted_pool_has_no_shares():
    values = {name: measure(pooled((0, [(1, 0), (2, 1)]), pool=None))[0] for name, measure in MEASURES.items()}
    assert np.isnan([values["rank_distance_share"], values["max@r_share"]]).all()
    assert values["max@r"] == 2


def test_max_r_goes_from_all_relevant_first_to_the_last_place():
    best, worst = (pooled((0, [(1, 0), (last, 1)]), pool=10) for last in (2, 10))
    assert MEASURES["max@r_share"](best) == 0
    assert MEASURES["max@r_share"](worst) == 1
    assert np.isnan(MEASURES["max@r_share"](pooled((0, [(1, 0), (2, 1)]), pool=2)))


def test_with_one_relevant_passage_per_language_the_statistic_of_peer_does_not_depend_on_the_ranks():
    for ranks in ([1, 2, 3], [1, 50, 900]):
        assert bias_reference.peer([[rank] for rank in ranks]) == pytest.approx(chi2.sf(2, 2))
    assert np.isnan(MEASURES["peer"](pooled((0, [(1, 0), (50, 1), (900, 2)]), pool=1000)))


@given(scored_tasks())
def test_peer_is_that_of_its_authors_package(drawn):
    task, scores = drawn
    result = evaluate(task, [scores])
    order = neutral_order(task.passage_ids)
    run, wanted = {}, {}
    for query, name in enumerate(task.query_ids):
        ranked = reference.ranking(task, scores, order, query, "all")
        run[name] = {task.passage_ids[p]: float(-place) for place, p in enumerate(ranked)}
        relevant = {p for q, p in task.relevant.tolist() if q == query}
        wanted[name] = {passage: int(p in relevant) for p, passage in enumerate(task.passage_ids)}
    langs = dict(zip(task.passage_ids, task.passage_langs, strict=True))
    measure = PEER(weights={1: 1.0}, lang_mapping=langs) @ len(task.passages)
    # Its provider asks for a function that ir_measures has no more, so the evaluator is made by hand.
    evaluator = PEEREvaluator([measure], wanted, {1: [(len(task.passages), measure)]}, {1: langs})
    theirs = {row.query_id: row.value for row in evaluator._iter_calc(run)}
    ours = {r["query_id"]: r["peer"] for r in result.queries.to_pylist() if r["setting"] == "multilingual"}
    assert {name: value for name, value in ours.items() if value is not None} == {
        name: pytest.approx(theirs[name], abs=1e-9) for name, value in ours.items() if value is not None
    }


def test_the_first_ten_by_hand():
    """Twelve passages, 8 in de and 4 in fr, all of fr among the first ten of both queries."""
    task = make_task(
        ["de", "fr"], ["de"] * 8 + ["fr"] * 4, [(0, 0), (0, 8), (1, 0), (1, 8)], keys=["one", "one"]
    )
    scores = np.arange(12.0)[None].repeat(2, axis=0)
    scores[1, 0] = 99  # the French query ranks p0 first, the German one last
    rows = [r for r in evaluate(task, [scores]).queries.to_pylist() if r["setting"] == "multilingual"]
    assert [row["same_language@10"] for row in rows] == [0.6, 0.4]
    assert [row["same_language_excess@10"] for row in rows] == pytest.approx([0.6 - 8 / 12, 0.4 - 4 / 12])
    # Of de: 11 … 2; of fr: 0, 11 … 3. Of the eleven in either, ranks 1 … 10 and 11; 2 … 10, 11 and 1.
    expected = 1 - 6 * (10 * 1 + 100) / (11 * 120)
    assert [row["mrc@10"] for row in rows] == pytest.approx([expected] * 2)


def test_what_one_language_retrieves_is_no_preference():
    task = make_task(["de", "fr"], ["de"] * 12, [(0, 0), (1, 0)])
    result = evaluate(task, [np.ones((2, 12))])
    assert not {*BIAS_NAMES}.intersection(result.settings["multilingual"])
    assert result.counts.without_bias == dict.fromkeys(BIAS_NAMES, 2)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_rankings_correlate_as_their_twin_says(k, seed):
    rng = np.random.default_rng(seed)
    one, other = (np.array([rng.permutation(14)[:k] for _ in range(5)]) for _ in range(2))
    expected = [bias_reference.correlation(*pair) for pair in zip(one.tolist(), other.tolist(), strict=True)]
    np.testing.assert_allclose(spearman(one, other), np.array(expected, dtype=float), atol=1e-9)
    if k > 1:
        assert spearman(one, one) == pytest.approx(1)
        assert spearman(one, one[:, ::-1]) == pytest.approx(-1)


@given(scored_tasks(), st.integers(1, 10))
def test_preferences_are_those_of_the_slow_twin(drawn, chunk):
    task, scores = drawn
    order = neutral_order(task.passage_ids)
    queries = range(len(task.queries))
    ranked = [reference.ranking(task, scores, order, query, "all") for query in queries]
    relevant = [{p for q, p in task.relevant.tolist() if q == query} for query in queries]
    expected = bias_reference.preferences(task, [r[:10] for r in ranked], ranked, relevant)
    table = evaluate(task, in_chunks(scores, chunk)).preferences
    assert table is not None
    assert table.schema.equals(PREFERENCES)
    found = {tuple(row.values())[:2]: tuple(row.values())[2:] for row in table.to_pylist()}
    assert found.keys() == expected.keys()
    for pair, values in expected.items():
        assert found[pair] == tuple(value if value is None else pytest.approx(value) for value in values)


def test_over_all_rankings_the_first_is_in_a_language_as_often_as_by_chance():
    """Three relevant passages in de and one in fr: each of the 24 orders once, for queries in both."""
    orders = [order for _ in range(2) for order in permutations(range(4))]
    relevant = [(query, passage) for query in range(len(orders)) for passage in range(4)]
    task = make_task(["de"] * 24 + ["fr"] * 24, ["de", "de", "de", "fr"], relevant)
    result = evaluate(task, [np.array(orders, dtype=np.float32)])
    assert result.preferences is not None
    found = {
        tuple(row.values())[:2]: (row["first"], row["chance_first"]) for row in result.preferences.to_pylist()
    }
    share = {"de": 3 / 4, "fr": 1 / 4}
    assert found == {(query, passage): (share[passage],) * 2 for query in share for passage in share}
    rates = {
        r["query_lang"]: r["language_preference"]
        for r in result.cells.to_pylist()
        if r["setting"] == "multilingual"
    }
    assert rates == share


def test_the_measures_follow_the_tie_order_and_not_the_languages(bilingual):
    scores = np.zeros((3, 5))
    renamed = dataclasses.replace(
        bilingual,
        query_langs=[{"de": "fr", "fr": "de"}[lang] for lang in bilingual.query_langs],
        passage_langs=[{"de": "fr", "fr": "de"}[lang] for lang in bilingual.passage_langs],
    )
    one, other = (evaluate(task, [scores]).settings["multilingual"] for task in (bilingual, renamed))
    assert one == pytest.approx(other)


def test_a_run_that_missed_a_relevant_passage_leaves_out_what_needs_all_ranks(bilingual):
    result = evaluate_run(bilingual, {"q0": ["p3", "p0", "p1"], "q1": ["p4"], "q2": ["p1", "p2"]})
    kept = {"tlr@10", "map_other"}
    assert kept == {*BIAS_NAMES}.intersection(result.settings["multilingual"])
    assert result.preferences is not None
    assert {row["first"] for row in result.preferences.to_pylist()} == {None}


def test_without_it_the_scores_are_those_that_were(bilingual, bilingual_scores):
    whole = evaluate(bilingual, [bilingual_scores])
    plain = evaluate(bilingual, [bilingual_scores], language_bias=False)
    assert plain.preferences is plain.counts.without_bias is None
    names = plain.queries.column_names
    assert not {*BIAS_NAMES}.intersection(names)
    assert plain.queries == whole.queries.select(names)
    assert plain.cells == whole.cells.select(plain.cells.column_names)
