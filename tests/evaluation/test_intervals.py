"""Intervals: equal to resampled tables scored by the usual means, and honest about what cannot be estimated."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.errors import DataError
from hbir.core.seeds import generator
from hbir.evaluation import intervals
from hbir.evaluation.cells import QUERIES
from hbir.evaluation.evaluate import evaluate
from hbir.evaluation.intervals import Resampled, resample
from hbir.evaluation.measures import NAMES
from tests.evaluation import reference
from tests.evaluation.conftest import scored_tasks
from tests.evaluation.tables import mono


def drawn(name, setting, clusters, resamples):
    """Draw clusters as the module does: the same stream, one resample after the other."""
    return generator(0, "intervals", name, setting).integers(0, clusters, (resamples, clusters))


def means(queries, measures):
    """Score rows with the slow twin of the usual means."""
    rows = {
        (row["setting"], number, row["query_lang"], row["pool"]): {m: row[m] for m in measures}
        for number, row in enumerate(queries)
    }
    return reference.settings(rows)


@given(scored_tasks())
def test_the_means_are_those_of_the_evaluation(drawn_task):
    result = evaluate(drawn_task[0], [drawn_task[1]])
    resampled = resample([result.queries], "toy", NAMES, resamples=2)
    assert set(resampled) == set(result.settings)
    for setting, scores in result.settings.items():
        found = dict(zip(NAMES, resampled[setting].means[0].tolist(), strict=True))
        for measure in NAMES:
            assert found[measure] == pytest.approx(
                scores.get(measure, np.nan), rel=1e-12, abs=1e-15, nan_ok=True
            )


@given(scored_tasks(), st.integers(1, 4))
def test_each_resample_is_a_table_of_the_drawn_clusters(drawn_task, parts):
    task, scores = drawn_task
    queries = evaluate(task, [scores]).queries
    clusters = [f"c{int(name[1:]) % parts}" for name in queries["query_id"].to_pylist()]
    queries = queries.set_column(queries.schema.get_field_index("cluster"), "cluster", pa.array(clusters))
    measures = ("map", "recall@1")
    for setting, found in resample([queries], "toy", measures, resamples=5).items():
        rows = [row for row in queries.to_pylist() if row["setting"] == setting]
        names = list(dict.fromkeys(row["cluster"] for row in rows))
        assert found.clusters == len(names)
        for number, chosen in enumerate(drawn("toy", setting, len(names), 5)):
            again = [row for cluster in chosen for row in rows if row["cluster"] == names[cluster]]
            expected = means(again, measures)[setting]
            assert found.resampled[number, 0].tolist() == pytest.approx(
                [expected[m] for m in measures], rel=1e-12
            )


def test_a_cell_that_a_resample_leaves_empty_is_left_out_of_its_mean():
    found = resample([mono(("a", "de", 1.0), ("b", "fr", 0.0))], "toy", ["map"], 50)["monolingual"]
    assert found.means.item() == 0.5
    once = [len(set(chosen)) == 2 for chosen in drawn("toy", "monolingual", 2, 50).tolist()]
    only_a = [chosen == [0, 0] for chosen in drawn("toy", "monolingual", 2, 50).tolist()]
    assert found.resampled[:, 0, 0].tolist() == [
        0.5 if o else float(a) for o, a in zip(once, only_a, strict=True)
    ]
    assert 0.0 < np.mean(once) < 1.0


def test_translations_of_a_question_are_drawn_together():
    rows = mono(("a", "de", 1.0), ("a", "fr", 1.0), ("b", "de", 0.0), ("b", "fr", 0.0))
    found = resample([rows], "toy", ["map"], 200)["monolingual"]
    assert set(found.resampled.ravel().tolist()) == {0.0, 0.5, 1.0}


def test_one_cluster_tells_nothing():
    found = resample([mono(("a", "de", 0.3), ("a", "fr", 0.5))], "toy", ["map"], 10)["monolingual"]
    assert found.means.item() == pytest.approx(0.4)
    assert found.interval(0, 0) is None
    assert found.difference(0, 0, 0) is None


def test_queries_without_a_measure_are_left_out_of_its_mean():
    """So for rank distance, which a query has in every run or in none."""
    both = [*((str(i), "de", i / 30) for i in range(30)), *((f"x{i}", "fr", None) for i in range(3))]
    found = resample([mono(*both)], "toy", ["map"], 50)["monolingual"]
    assert found.means.item() == pytest.approx(sum(i / 30 for i in range(30)) / 30)
    assert found.interval(0, 0) is not None


def test_a_measure_that_a_resample_may_lack_has_no_interval():
    rows = mono(("a", "de", 0.3), ("b", "de", None))
    found = resample([rows], "toy", ["map"], 10)["monolingual"]
    assert found.means.item() == 0.3
    assert found.interval(0, 0) is None
    assert np.isnan(resample([mono(("a", "de", None))], "toy", ["map"], 10)["monolingual"].means.item())


def test_quantiles_by_hand():
    values = np.linspace(0, 1, 1001)[:, None, None].repeat(2, axis=1)
    values[:, 1] *= 0.5
    found = Resampled(clusters=5, means=np.zeros((2, 1)), resampled=values)
    own, change = found.interval(0, 0), found.difference(0, 1, 0)
    assert own is not None
    assert change is not None
    assert (own.low, own.high) == pytest.approx((0.025, 0.975))
    assert (change.low, change.high) == pytest.approx((0.0125, 0.4875))


def test_a_difference_is_taken_on_the_same_questions():
    rng = np.random.default_rng(0)
    values = rng.random(60).tolist()
    one = mono(*((str(i), "de", value + 0.1) for i, value in enumerate(values)))
    other = mono(*((str(i), "de", value) for i, value in enumerate(values)))
    found = resample([one, other], "toy", ["map"], 200)["monolingual"]
    own, change = found.interval(0, 0), found.difference(0, 1, 0)
    assert own is not None
    assert change is not None
    assert own.high - own.low > 0.1
    assert (change.low, change.high) == pytest.approx((0.1, 0.1))


def test_the_width_is_that_of_the_normal_approximation():
    values = np.random.default_rng(1).random(400)
    rows = mono(*((str(i), "de", value) for i, value in enumerate(values.tolist())))
    own = resample([rows], "toy", ["map"], 4000)["monolingual"].interval(0, 0)
    assert own is not None
    assert own.high - own.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.06)


def test_the_same_name_gives_the_same_intervals_whatever_the_memory(monkeypatch):
    rows = mono(*((str(i), "de", i / 7) for i in range(7)))
    first = resample([rows], "toy", ["map"], 30)["monolingual"].resampled
    assert (first != resample([rows], "other", ["map"], 30)["monolingual"].resampled).any()
    monkeypatch.setattr(intervals, "CHUNK", 7)
    again = resample([rows], "toy", ["map"], 30)["monolingual"].resampled
    assert again == pytest.approx(first, rel=1e-12)


def test_runs_of_other_queries_are_refused():
    with pytest.raises(DataError, match="scores of benchmark toy: expected the same queries and pools"):
        resample([mono(("a", "de", 1.0)), mono(("b", "de", 1.0))], "toy", ["map"])


def test_no_query_at_all_gives_no_setting():
    assert resample([QUERIES.empty_table()], "mteb/STS22", ["map"]) == {}
