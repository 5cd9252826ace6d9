"""Differences between samplers: macro means as the tables show them, and properties that a test must have."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binom

from hbir.benchmarks.task import SETTINGS
from hbir.core.seeds import generator
from hbir.evaluation.contributions import ALL_LANGUAGES, Layout, contributions, macro_mean
from hbir.evaluation.differences import compare
from hbir.evaluation.evaluate import evaluate
from hbir.evaluation.measures import NAMES
from hbir.evaluation.significance import ALPHA, holm, resamples_for
from tests.evaluation import reference
from tests.evaluation.conftest import scored_tasks
from tests.evaluation.tables import mono, table

MEASURED = [(setting, "map") for setting in SETTINGS] + [("multilingual", "rank_distance")]


def twin_means(queries, measures):
    rows = {
        (row["setting"], number, row["query_lang"], row["pool"]): {
            m: row[m] for m in measures if row[m] is not None
        }
        for number, row in enumerate(queries)
    }
    return reference.settings(rows)


def exchanged(one, other, clusters):
    """Exchange two runs on some clusters."""
    pairs = zip(one, other, strict=True)
    return zip(*((b, a) if a["cluster"] in clusters else (a, b) for a, b in pairs), strict=True)


@st.composite
def two_runs(draw):
    """Draw the scores of two runs on one benchmark, in clusters."""
    task, scores = draw(scored_tasks())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parts = draw(st.integers(1, 5))
    tables = []
    for given_scores in (scores, rng.permuted(scores, axis=1)):
        queries = evaluate(task, [given_scores]).queries
        names = [f"c{int(name[1:]) % parts}" for name in queries["query_id"].to_pylist()]
        tables.append(queries.set_column(queries.schema.get_field_index("cluster"), "cluster", pa.array(names)))
    return tables


@given(two_runs())
def test_each_exchange_gives_the_difference_of_the_means_of_exchanged_tables(runs):
    """The slow twin exchanges rows and takes the usual means; so it does in each language alone."""
    rng = np.random.default_rng(0)
    for setting, measure in MEASURED:
        ones, others = ([r for r in run.to_pylist() if r["setting"] == setting] for run in runs)
        if not ones:
            continue
        one, other = (np.array([r[measure] for r in rows], float) for rows in (ones, others))
        layout = Layout.of(pa.Table.from_pylist(ones, runs[0].schema))
        found = contributions(layout, one, other)
        if found is None:
            assert all(row[measure] is None for row in ones)
            continue
        clusters = sorted({row["cluster"] for row in ones})
        swapped = {name for name in clusters if rng.random() < 0.5}
        signs = np.array([-1.0 if name in swapped else 1.0 for name in clusters])
        for index, language in enumerate(found.languages):
            sides = (
                [row for row in side if language in (ALL_LANGUAGES, row["query_lang"])]
                for side in exchanged(ones, others, swapped)
            )
            first, second = (twin_means(side, [measure])[setting][measure] for side in sides)
            assert signs @ found.values[:, index] == pytest.approx(first - second, abs=1e-9)
        assert macro_mean(layout, one) == pytest.approx(twin_means(ones, [measure])[setting][measure])


@given(two_runs(), st.randoms())
def test_the_order_of_queries_changes_nothing_and_that_of_samplers_the_sign(runs, random):
    assume(runs[0].num_rows)
    order = list(range(runs[0].num_rows))
    random.shuffle(order)
    tables = dict(zip("ab", runs, strict=True))
    found = compare(tables, "toy", "a", MEASURED)
    shuffled = compare({name: table.take(order) for name, table in tables.items()}, "toy", "a", MEASURED)
    back = compare(tables, "toy", "b", MEASURED)
    for one, again, other in zip(found, shuffled, back, strict=True):
        assert one.value == pytest.approx(again.value, abs=1e-9)
        assert one.value == -other.value
        assert one.p == again.p == other.p
        assert other.effect == (None if one.effect is None else -one.effect)
    opposite = {"better": "worse", "worse": "better"}
    assert [opposite.get(one.verdict, one.verdict) for one in found] == [other.verdict for other in back]


@given(two_runs())
def test_a_run_does_not_differ_from_itself(runs):
    for found in compare({"a": runs[0], "b": runs[0]}, "toy", "a", MEASURED):
        assert (found.value, found.effect) == (0.0, 0.0)
        assert found.p in (1.0, None)
        assert found.verdict in ("no difference shown", "too few queries")


def translated(values, change=0.0):
    """Give every query two translations; the second language has half of them alone."""
    rows = [(f"c{i:03}", "de", v + change) for i, v in enumerate(values)]
    return mono(*rows, *((name, "fr", v / 2 + change) for name, _, v in rows[: len(rows) // 2]))


VALUES = np.random.default_rng(5).random(40).tolist()


def test_what_is_compared_by_hand():
    noise = np.random.default_rng(6).normal(0.05, 0.1, 40)
    tables = {"a": translated(VALUES + noise), "b": translated(VALUES)}
    [found] = compare(tables, "toy", "a", [("monolingual", "map")])
    shares = noise / 40 / 2
    shares[:20] += noise[:20] / 2 / 20 / 2
    assert found.value == pytest.approx((noise.mean() + noise[:20].mean() / 2) / 2)
    assert found.effect == pytest.approx(shares.mean() / shares.std(ddof=1))
    seeds = generator(0, "randomisation", "toy", "monolingual")
    drawn = np.unpackbits(seeds.integers(0, 256, (10_000, 5), np.uint8), axis=1)
    sums = np.abs((1.0 - 2.0 * drawn) @ shares)
    assert found.p == (1 + (sums >= shares.sum() - 1e-12).sum()) / 10_001
    assert (found.clusters, found.needed, found.verdict) == (40, 6, "better")


def test_languages_are_corrected_together():
    noise = np.random.default_rng(6).normal(0.05, 0.1, 40)
    tables = {"a": translated(VALUES + noise), "b": translated(VALUES)}
    de, fr = compare(tables, "toy", "a", [("monolingual", "map")], "languages")
    assert (de.language, fr.language) == ("de", "fr")
    assert de.value == pytest.approx(noise.mean())
    assert fr.effect == pytest.approx(noise[:20].mean() / noise[:20].std(ddof=1))
    assert (fr.clusters, fr.needed) == (20, 7)


def test_all_comparisons_are_corrected_together():
    rng = np.random.default_rng(7)
    tables = {"a": translated(VALUES)} | {
        name: translated(np.array(VALUES) + rng.normal(0.04, 0.1, 40)) for name in ("b", "c", "d")
    }
    together = compare(tables, "toy", "a", [("monolingual", "map")])
    alone = [
        compare({"a": tables["a"], name: tables[name]}, "toy", "a", [("monolingual", "map")])[0].p
        for name in ("b", "c", "d")
    ]
    assert [found.p for found in together] == pytest.approx(holm(np.array(alone)).tolist())
    assert resamples_for(1) == resamples_for(3)


def test_a_lower_rank_distance_is_better():
    rows = [("multilingual", f"q{i}", f"c{i}", "de", "all", None) for i in range(20)]
    near, far = table(rows), table(rows)
    place = near.schema.get_field_index("rank_distance")
    near, far = (
        one.set_column(place, "rank_distance", pa.array([base + i % 3 for i in range(20)], pa.float64()))
        for one, base in ((near, 5), (far, 50))
    )
    [found] = compare({"a": near, "b": far}, "toy", "a", [("multilingual", "rank_distance")])
    assert found.value == pytest.approx(-45)
    assert found.verdict == "better"
    [found] = compare({"a": near, "b": far}, "toy", "b", [("multilingual", "rank_distance")])
    assert found.value == pytest.approx(45)
    assert found.verdict == "worse"


def test_too_few_clusters_have_no_p():
    few = {name: mono(*((str(i), "de", value) for i in range(5))) for name, value in (("a", 0.9), ("b", 0.1))}
    [found] = compare(few, "toy", "a", [("monolingual", "map")])
    assert (found.p, found.clusters, found.needed, found.verdict) == (None, 5, 6, "too few queries")


def test_means_over_other_queries_are_not_paired():
    one = mono(*((str(i), "de", 0.9) for i in range(9)))
    other = mono(*((str(i), "de", 0.1 if i else None) for i in range(9)))
    assert compare({"a": one, "b": other}, "toy", "a", [("monolingual", "map")]) == []


def test_nothing_to_compare_is_no_difference():
    one = mono(("a", "de", 1.0))
    assert compare({"a": one}, "toy", "a", MEASURED) == []
    assert compare({"a": one, "b": one}, "toy", "c", MEASURED) == []
    assert (
        compare({"a": one, "b": one}, "toy", "a", [("mteb", "cosine_spearman"), ("monolingual", "none")]) == []
    )


def test_among_equal_samplers_one_table_in_twenty_says_better_or_worse():
    """The chance of any false mark in a table of six comparisons, on queries with three translations."""
    tables, queries, wrong = 150, 30, 0
    for seed in range(tables):
        rng = np.random.default_rng(seed)
        runs = {}
        for name in ("a", "b", "c", "d"):
            levels = rng.random((queries, 1)) + rng.normal(0, 0.1, (queries, 3))
            rows = [
                (setting, f"{lang}:{i}", f"c{i}", lang, pool, levels[i, k] + rng.normal(0, 0.05))
                for setting, pool in (("monolingual", "de"), ("multilingual", "all"))
                for i in range(queries)
                for k, lang in enumerate(("de", "fr", "th"))
            ]
            runs[name] = table(rows)
        found = compare(runs, f"null {seed}", "a", [("monolingual", "map"), ("multilingual", "map")])
        assert len(found) == 6
        wrong += any(one.verdict in ("better", "worse") for one in found)
    assert wrong <= binom.ppf(0.999, tables, ALPHA)


def test_every_measure_of_the_table_can_be_compared():
    """By its name alone, so that a new measure needs no change here."""
    row = {"setting": "multilingual", "query_lang": "de", "pool": "all"}
    rng = np.random.default_rng(8)
    runs = {
        name: pa.Table.from_pylist(
            [row | {"query_id": f"q{i}", "cluster": f"c{i}", "new@5": rng.random()} for i in range(30)]
        )
        for name in ("a", "b")
    }
    assert "new@5" not in NAMES
    [found] = compare(runs, "toy", "a", [("multilingual", "new@5")])
    assert found.measure == "new@5"
    assert found.p is not None


def test_the_order_of_many_queries_changes_nothing():
    """With more clusters than are exchanged exhaustively, the random exchanges belong to their names."""
    noise = np.random.default_rng(9).normal(0.02, 0.1, 40)
    tables = {"a": translated(VALUES + noise), "b": translated(VALUES)}
    order = np.random.default_rng(10).permutation(tables["a"].num_rows)
    shuffled = {name: table.take(order) for name, table in tables.items()}
    [one] = compare(tables, "toy", "a", [("monolingual", "map")])
    [again] = compare(shuffled, "toy", "a", [("monolingual", "map")])
    assert one.p == again.p
    assert one.p not in (None, 1.0)
