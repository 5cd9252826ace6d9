"""What must not be compared is refused, and the difference is named."""

import shutil
from dataclasses import replace

import pytest

from hbir.core.errors import DataError
from hbir.core.files import read_json, read_table, write_json, write_table
from hbir.evaluation.cells import QUERIES
from hbir.evaluation.comparable import has_queries, query_tables, refuse_unlike
from hbir.evaluation.results import read_results
from tests.reporting.builder import build


@pytest.fixture
def results(tmp_path):
    return build(tmp_path, ("xx", "xy"), languages=("de", "fr"), benchmarks=("cldr", "xquad-r"))


def changed(results, **changes):
    """Return them with another task of the second sampler."""
    summaries = results[1].summaries
    task = replace(summaries["cldr"].task, **changes)
    summaries = summaries | {"cldr": replace(summaries["cldr"], task=task)}
    return [results[0], replace(results[1], summaries=summaries)]


def test_scores_of_one_pipeline_are_alike(results):
    refuse_unlike(results)
    tables = query_tables(results, "cldr")
    assert list(tables) == ["xx", "xy"]
    assert tables["xx"].num_rows == tables["xy"].num_rows > 0
    refuse_unlike([])


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"version": "2.19"}, "the same version for every sampler, found 2.18.0+3f2a9c for xx and 2.19 for xy"),
        ({"languages": ["de"]}, "the same languages for every sampler, found de, fr for xx and de for xy"),
        ({"queries": 7}, "the same queries for every sampler, found 848 for xx and 7 for xy"),
        ({"passages": 7}, "the same passages for every sampler, found 862 for xx and 7 for xy"),
        ({"precision": "int8"}, "the same precision for every sampler, found fp32 for xx and int8 for xy"),
        ({"measures": ["ndcg@10"]}, "the same measures for every sampler, found map for xx and ndcg@10 for xy"),
    ],
)
def test_another_task_is_refused_and_the_difference_named(results, changes, found):
    with pytest.raises(DataError) as error:
        refuse_unlike(changed(results, **changes))
    assert f"scores of benchmark cldr: expected {found}. Run `dvc repro`" in str(error.value)


def test_other_benchmarks_are_refused(results):
    del results[1].summaries["xquad-r"]
    with pytest.raises(
        DataError, match="scores of xx and xy: expected the same benchmarks, found xquad-r missing for xy"
    ):
        refuse_unlike(results)
    with pytest.raises(DataError, match="xquad-r missing for xy"):
        refuse_unlike(results[::-1])


def test_other_queries_are_refused_and_named(tmp_path, results):
    path = tmp_path / "xy/cldr/queries.parquet"
    table = read_table(path, QUERIES)
    names = ["q:new" if name == "de:3" else name for name in table["query_id"].to_pylist()]
    write_table(path, table.set_column(1, QUERIES.field("query_id"), [names]))
    with pytest.raises(DataError) as error:
        query_tables(results, "cldr")
    assert "3 of xx alone, such as de:3 in the pool fr (cross_lingual) and 3 of xy alone, such as q:new" in str(
        error.value
    )


def test_another_order_is_refused(tmp_path, results):
    path = tmp_path / "xy/cldr/queries.parquet"
    table = read_table(path, QUERIES)
    write_table(path, table.take(list(range(table.num_rows))[::-1]))
    with pytest.raises(DataError, match="found another order of xy"):
        query_tables(results, "cldr")


def test_a_stale_file_is_refused(tmp_path, results):
    """It was left by an older evaluation: the means of its queries are not those of the summary."""
    path = tmp_path / "xx/cldr/summary.json"
    summary = read_json(path)
    summary["settings"]["multilingual"]["rank_distance"] += 1
    write_json(path, summary)
    newer = read_results(tmp_path, ["xx", "xy"])
    expected = r"xx/cldr/queries.parquet: .*rank_distance 4101.4\), found others \(4100.4\). It is stale"
    with pytest.raises(DataError, match=expected):
        query_tables(newer, "cldr")


def test_a_file_without_a_measure_or_a_setting_is_stale(tmp_path, results):
    path = tmp_path / "xy/cldr/queries.parquet"
    table = read_table(path, QUERIES)
    write_table(path, table.drop_columns(["recall@10"]))
    with pytest.raises(DataError, match=r"monolingual recall@10 .*found none"):
        query_tables(results, "cldr")
    write_table(path, table.slice(0, 0))
    with pytest.raises(DataError, match=r"monolingual map .*found none"):
        query_tables(results, "cldr")


def test_scores_without_queries_are_noticed(tmp_path, results):
    assert has_queries(results, "cldr")
    shutil.move(tmp_path / "xy/cldr/queries.parquet", tmp_path / "aside")
    assert not has_queries(results, "cldr")
    assert has_queries(results[:1], "cldr")
    with pytest.raises(DataError, match="xy/cldr/queries.parquet: expected a file, found none"):
        query_tables(results, "cldr")
