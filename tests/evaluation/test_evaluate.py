"""Settings, cells, groups and counts: by hand, against the slow twin, and against trec_eval."""

import dataclasses
from dataclasses import asdict

import numpy as np
import pyarrow.compute as pc
import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from hbir.benchmarks.task import Labels
from hbir.evaluation.bias_suite import BIAS_NAMES
from hbir.evaluation.cells import cells_schema, queries_schema
from hbir.evaluation.evaluate import evaluate, evaluate_ranks
from hbir.evaluation.measures import MEASURES, NAMES
from hbir.evaluation.ranking import neutral_order, rank_chunks
from tests.evaluation import reference
from tests.evaluation.conftest import in_chunks, make_task, scored_tasks


def rows_of(table):
    keys = ("setting", "query_id", "query_lang", "pool")
    rows = {}
    for row in table.to_pylist():
        row.pop("group")
        assert row.pop("cluster") == row["query_id"]
        key = tuple(row.pop(name) for name in keys)
        assert key not in rows
        rows[key] = {name: value for name, value in row.items() if value is not None}
    return rows


def approximately(nested):
    return {key: pytest.approx(value, rel=1e-12, abs=1e-15) for key, value in nested.items()}


def test_by_hand(bilingual, bilingual_scores):
    result = evaluate(bilingual, [bilingual_scores])
    # q0 in de: ranks 1, 3; q1 in de: 3; q2 in fr: 1
    assert result.settings["monolingual"]["map"] == pytest.approx(((1 + 2 / 3) / 2 / 2 + 1 / 3 / 2 + 1) / 2)
    assert result.settings["monolingual"]["recall@1"] == pytest.approx(((0.5 + 0) / 2 + 1) / 2)
    # q0 in fr: 2; q1 has none there; q2 in de: 2
    assert result.settings["cross_lingual"]["map"] == pytest.approx((1 / 2 + 1 / 2) / 2)
    # all: q0 2, 4, 5; q1 5; q2 1, 3
    q0, q1, q2 = (1 / 2 + 2 / 4 + 3 / 5) / 3, 1 / 5, (1 + 2 / 3) / 2
    assert result.settings["multilingual"]["map"] == pytest.approx(((q0 + q1) / 2 + q2) / 2)
    # The one relevant passage of q1 says nothing of language bias.
    assert result.settings["multilingual"]["rank_distance"] == ((5 - 2) + (3 - 1)) / 2
    assert result.counts.known() == {
        "positives": {"monolingual": 4, "cross_lingual": 2, "multilingual": 6},
        "tied_positives": {"monolingual": 0, "cross_lingual": 0, "multilingual": 0},
        "left_out": {"monolingual": 0, "cross_lingual": 1, "multilingual": 0},
        "unjudged": 0,
        "without_relevant": 0,
        "without_rank_distance": 1,
        "without_bias": {
            "rank_distance_share": 1,
            "max@r": 1,
            "max@r_share": 1,
            "language_preference": 1,
            "peer": 2,
            "tlr@10": 1,
            "map_other": 1,
            "same_language@10": 3,
            "same_language_excess@10": 3,
            "mrc@10": 3,
        },
        "not_retrieved": 0,
    }
    assert asdict(result.task) == {
        "name": "toy",
        "version": "1",
        "languages": ["de", "fr"],
        "queries": 3,
        "passages": 5,
        "measures": ["map"],
        "precision": "fp32",
    }


def test_cells_by_hand(bilingual, bilingual_scores):
    cells = evaluate(bilingual, [bilingual_scores]).cells
    assert cells.schema.equals(cells_schema([*NAMES, *BIAS_NAMES]))
    columns = ("setting", "query_lang", "pool", "n_queries", "n_left_out", "recall@1", "rank_distance")
    assert [tuple(row[name] for name in columns) for row in cells.to_pylist()] == [
        ("monolingual", "de", "de", 2, 0, 0.25, None),
        ("monolingual", "fr", "fr", 1, 0, 1.0, None),
        ("cross_lingual", "de", "fr", 1, 1, 0.0, None),
        ("cross_lingual", "fr", "de", 1, 0, 0.0, None),
        ("multilingual", "de", "all", 2, 0, 0.0, 3.0),
        ("multilingual", "fr", "all", 1, 0, 0.5, 2.0),
    ]


def test_a_cell_without_a_scored_query_is_shown_but_not_averaged():
    task = make_task(["de", "fr", "th"], ["de", "fr", "th"], [(0, 0), (0, 1), (1, 1)])
    result = evaluate(task, [np.eye(3)])
    cells = {(row["query_lang"], row["pool"]): row for row in result.cells.to_pylist()}
    assert cells["th", "th"]["n_queries"] == 0
    assert cells["th", "th"]["n_left_out"] == 1
    assert cells["th", "th"]["map"] is None
    assert cells["th", "all"]["map"] is None
    assert result.settings["monolingual"]["map"] == 1
    assert result.settings["cross_lingual"]["map"] == 1
    assert result.counts.left_out == {"monolingual": 1, "cross_lingual": 5, "multilingual": 1}


def test_languages_without_passages_have_no_pool_and_queries_without_relevant_are_counted():
    task = make_task(["th", "de", "de"], ["de", "de"], [(1, 0), (2, 0), (2, 1)])
    result = evaluate(task, [np.ones((3, 2))])
    cells = [(row["query_lang"], row["pool"]) for row in result.cells.to_pylist()]
    assert cells == [("de", "de"), ("de", "all"), ("th", "all")]
    assert result.counts.left_out == {"monolingual": 0, "multilingual": 1}
    assert (result.counts.without_rank_distance, result.counts.unjudged) == (2, 1)
    assert "rank_distance" not in result.settings["multilingual"]


def test_languages_without_queries_have_no_rows_of_their_own():
    result = evaluate(make_task(["de"], ["de", "fr"], [(0, 0), (0, 1)]), [np.ones((1, 2))])
    cells = [(row["query_lang"], row["pool"]) for row in result.cells.to_pylist()]
    assert cells == [("de", "de"), ("de", "fr"), ("de", "all")]


def test_a_benchmark_of_one_language_has_no_cross_lingual_setting():
    result = evaluate(make_task(["de"], ["de", "de"], [(0, 0)]), [np.array([[0.1, 0.2]])])
    assert set(result.settings) == {"monolingual", "multilingual"}
    assert set(result.counts.left_out or ()) == {"monolingual", "multilingual"}
    assert set(result.cells["setting"].to_pylist()) == {"monolingual", "multilingual"}
    assert result.settings["monolingual"]["map"] == 0.5
    assert "rank_distance" not in result.settings["multilingual"]
    assert result.queries["rank_distance"].null_count == len(result.queries)


def test_a_benchmark_across_two_languages_has_no_monolingual_setting():
    result = evaluate(make_task(["de"], ["fr", "fr"], [(0, 0)]), [np.array([[0.1, 0.2]])])
    assert set(result.settings) == {"cross_lingual", "multilingual"}


def test_nothing_relevant_leaves_nothing_to_average():
    result = evaluate(make_task(["de"], ["de"], []), [np.ones((1, 1))])
    assert result.settings == {}
    assert result.cells.num_rows == result.queries.num_rows == 0
    assert result.counts.left_out == {}


def test_groups_are_scored_apart(bilingual, bilingual_scores):
    task = dataclasses.replace(bilingual, query_groups=["seen", "unseen", "seen"])
    result = evaluate(task, [bilingual_scores])
    assert set(result.groups) == {"seen", "unseen"}
    assert result.groups["seen"]["monolingual"]["map"] == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)
    assert set(result.groups["unseen"]) == {"monolingual", "multilingual"}
    assert result.groups["unseen"]["multilingual"]["map"] == pytest.approx(1 / 5)
    assert result.settings == evaluate(bilingual, [bilingual_scores]).settings
    assert result.queries["group"].to_pylist()[:3] == ["seen", "unseen", "seen"]
    assert evaluate(bilingual, [bilingual_scores]).groups == {}


def test_tied_positives_are_counted_per_setting(bilingual):
    scores = np.array([[1, 1, 0, 0.5, 0.2], [1, 2, 3, 4, 5], [3, 1, 3, 1, 0]])
    assert evaluate(bilingual, [scores]).counts.tied_positives == {
        "monolingual": 1,
        "cross_lingual": 1,
        "multilingual": 4,
    }


@given(scored_tasks(), st.integers(1, 10))
def test_equal_to_the_slow_twin(drawn, chunk):
    task, scores = drawn
    result = evaluate(task, in_chunks(scores, chunk))
    expected = reference.query_rows(task, scores, neutral_order(task.passage_ids))
    assert rows_of(result.queries) == approximately(expected)
    assert result.queries.schema.equals(queries_schema([*NAMES, *BIAS_NAMES]))
    assert result.settings == approximately(reference.settings(expected))
    for group, settings in result.groups.items():
        inside = {q for q, label in zip(task.query_ids, task.query_groups or [], strict=True) if label == group}
        rows = {key: row for key, row in expected.items() if key[1] in inside}
        assert settings == approximately(reference.settings(rows))


def trec_eval(task, scores, pool, grades=None):
    """Return query id → our measure → value by trec_eval, for queries with a qrel in the pool.

    The qrels are those of the task, all relevant, or a matrix of grades with -1 where there is none.
    """
    inside = [p for p, lang in enumerate(task.passage_langs) if pool in (lang, "all")]
    qrels: dict[str, dict[str, int]] = {}
    listed = zip(task.relevant.tolist(), task.grades.tolist(), strict=True)
    judged = [((q, p), grades[q, p]) for q, p in np.argwhere(grades >= 0)] if grades is not None else listed
    for (query, passage), grade in judged:
        if passage in inside:
            qrels.setdefault(task.query_ids[query], {})[task.passage_ids[passage]] = int(grade)
    rows = dict(zip(task.query_ids, scores.tolist(), strict=True))
    run = {query: {task.passage_ids[p]: rows[query][p] for p in inside} for query in qrels}
    names = {"map", "map_cut.20", "recall.1,10,100", "ndcg_cut.10", "recip_rank"}
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, names)
    return {
        query: _named(values, max(1, sum(grade > 0 for grade in qrels[query].values())))
        for query, values in evaluator.evaluate(run).items()
    }


def _named(values, n_relevant):
    best = values["recip_rank"]
    return {
        "map": values["map"],
        # trec_eval divides by all relevant passages, XTREME-R by those that 20 places can hold.
        "map@20": values["map_cut_20"] * n_relevant / min(n_relevant, 20),
        "recall@1": values["recall_1"],
        "recall@10": values["recall_10"],
        "mrr@10": best if best >= 0.1 else 0.0,
        "ndcg@10": values["ndcg_cut_10"],
        "recall@100": values["recall_100"],
    }


@pytest.mark.parametrize("distinct", [2, 40, 10**6])
@pytest.mark.parametrize("seed", range(3))
def test_equal_to_trec_eval_in_every_pool(seed, distinct):
    rng = np.random.default_rng([seed, distinct])
    langs = np.array(["de", "fr", "th", "zh"])
    query_langs, passage_langs = (langs[rng.integers(0, 4, n)].tolist() for n in (40, 500))
    relevant = np.argwhere(rng.random((40, 500)) < rng.choice([0, 0.004, 0.05], (40, 1)))
    task = make_task(query_langs, passage_langs, map(tuple, relevant.tolist()))
    task = dataclasses.replace(task, grades=rng.integers(1, 4, len(relevant)).astype(np.float64))
    scores = rng.integers(0, distinct, (40, 500)).astype(np.float32) / 7
    by_id_descending = -np.argsort(np.argsort(task.passage_ids))
    result = evaluate(task, in_chunks(scores, 16), by_id_descending)
    rows = rows_of(result.queries)
    pools = [*sorted(set(passage_langs)), "all"]
    expected = {(query, pool): row for pool in pools for query, row in trec_eval(task, scores, pool).items()}
    found = {(key[1], key[3]): {name: row[name] for name in MEASURES} for key, row in rows.items()}
    assert len({key[0] for key in rows}) == 3
    assert found == {key: pytest.approx(row, rel=1e-12, abs=1e-15) for key, row in expected.items()}


@pytest.mark.parametrize("seed", range(3))
def test_queries_whose_qrels_are_all_of_grade_0_score_0_as_in_trec_eval(seed):
    rng = np.random.default_rng(seed)
    langs = np.array(["de", "fr", "th"])
    query_langs, passage_langs = (langs[rng.integers(0, 3, n)].tolist() for n in (30, 90))
    grades = np.where(rng.random((30, 90)) < 0.03, rng.integers(0, 3, (30, 90)), -1)
    grades[:4] = np.minimum(grades[:4], 0)
    grades[4:6] = -1  # never judged
    task = make_task(query_langs, passage_langs, map(tuple, np.argwhere(grades > 0).tolist()))
    judged = [frozenset(np.array(passage_langs)[row >= 0].tolist()) for row in grades]
    task = dataclasses.replace(task, grades=grades[grades > 0].astype(np.float64), judged_langs=judged)
    scores = rng.random((30, 90)).astype(np.float32)
    result = evaluate(task, in_chunks(scores, 7), -np.argsort(np.argsort(task.passage_ids)))
    expected = {
        (query, pool): row
        for pool in [*sorted(set(passage_langs)), "all"]
        for query, row in trec_eval(task, scores, pool, grades).items()
    }
    rows = rows_of(result.queries)
    found = {(key[1], key[3]): {name: row[name] for name in MEASURES} for key, row in rows.items()}
    assert found == {key: pytest.approx(row, rel=1e-12, abs=1e-15) for key, row in expected.items()}
    zero = [f"q{q}" for q in range(4) if judged[q]]
    assert {key[0] for key, row in found.items() if key[1] == "all" and not row["map"]} >= set(zero)
    answered = (grades > 0).any(axis=1)
    assert result.counts.without_relevant == sum(map(bool, judged)) - answered.sum() >= len(zero) > 0
    assert result.counts.unjudged == sum(not langs for langs in judged) >= 2
    cells = result.cells.filter(pc.equal(result.cells["pool"], "all"))
    assert sum(cells["n_queries"].to_pylist()) == sum(map(bool, judged))
    means = trec_eval(task, scores, "all", grades)
    by_lang = [
        [means[f"q{q}"]["map"] for q in range(30) if query_langs[q] == lang and judged[q]] for lang in langs
    ]
    assert result.settings["multilingual"]["map"] == pytest.approx(np.mean([np.mean(cell) for cell in by_lang]))


def test_the_language_of_a_query_without_relevant_passages_may_have_no_passage():
    task = make_task(["de", "fr"], ["de"], [(0, 0)])
    task = dataclasses.replace(task, judged_langs=[frozenset({"de"}), frozenset({"fr"})], unjudged=5)
    result = evaluate(task, [np.ones((2, 1))])
    assert result.settings["monolingual"]["map"] == 0.5
    assert (result.counts.unjudged, result.counts.without_relevant) == (5, 1)


def test_rank_distance_is_over_queries_with_relevant_passages_in_two_languages():
    relevant = [(0, 0), (0, 2), (1, 0), (1, 1), (2, 3)]
    task = make_task(["de"] * 3, ["de", "de", "fr", "fr"], relevant)
    result = evaluate(task, [np.array([[4, 3, 2, 1]] * 3)])
    assert result.settings["multilingual"]["rank_distance"] == 2  # query 1 has both passages in German
    assert result.counts.without_rank_distance == 2


def test_a_run_that_ends_has_no_map_of_the_whole(bilingual, bilingual_scores):
    whole = evaluate(bilingual, [bilingual_scores])
    cut = evaluate_ranks(bilingual, rank_chunks(bilingual, [bilingual_scores]), top_k=100)
    unknown = {
        "map_other",
        "rank_distance_share",
        "max@r_share",
    }  # they need the whole ranking, or the pool's size
    for setting, scores in whole.settings.items():
        kept = {name: value for name, value in scores.items() if name not in unknown}
        assert cut.settings[setting] == {"map@100" if n == "map" else n: v for n, v in kept.items()}
    assert cut.queries.column_names[6] == cut.cells.column_names[5] == "map@100"


@given(scored_tasks(), st.integers(1, 10), st.data())
def test_labels_give_what_listed_pairs_give(drawn, chunk, data):
    task, scores = drawn
    sides = len(task.queries), len(task.passages)
    labels = [np.array(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)), np.int64) for n in sides]
    listed = np.argwhere(labels[0][:, None] == labels[1])
    by_label = evaluate(dataclasses.replace(task, relevant=Labels(*labels)), in_chunks(scores, chunk))
    by_pair = evaluate(dataclasses.replace(task, relevant=listed), in_chunks(scores, chunk))
    assert by_label == by_pair


@given(scored_tasks())
def test_a_setting_that_the_benchmark_does_not_define_is_absent(drawn):
    task, scores = drawn
    whole = evaluate(task, [scores])
    one = evaluate(dataclasses.replace(task, settings=("cross_lingual",)), [scores])
    assert one.settings == {k: v for k, v in whole.settings.items() if k == "cross_lingual"}
    names = one.queries.column_names
    assert names == queries_schema(NAMES).names  # language bias is of the multilingual setting
    same = [row for row in whole.queries.select(names).to_pylist() if row["setting"] == "cross_lingual"]
    assert one.queries.to_pylist() == same
    assert one.counts.left_out == {
        k: v for k, v in (whole.counts.left_out or {}).items() if k == "cross_lingual"
    }


@given(scored_tasks())
def test_the_chunks_of_one_evaluation_do_not_matter(drawn):
    task, scores = drawn
    assert evaluate(task, [scores]) == evaluate(task, in_chunks(scores, 1))
