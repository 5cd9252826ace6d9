import numpy as np
import pyarrow.parquet as pq
import pytest

from hbir.batching.plan import check_plan, read_plan, write_plan
from hbir.core.errors import DataError, PlanError
from hbir.core.schemas import PLAN_SCHEMA
from tests.batching.inventories import NAMES, Pair, params, plan_of, rows_of


@pytest.fixture
def plan():
    return plan_of("hybrid", [Pair(i) for i in range(9)], params(size=3, steps=4, alpha=[[0.5, 1], [1, 0]]))


@pytest.fixture
def path(plan, tmp_path):
    write_plan(tmp_path / "plan.parquet", plan)
    return tmp_path / "plan.parquet"


def test_written_plan_reads_back(plan, path):
    again = read_plan(path)
    assert again.metadata == plan.metadata
    assert rows_of(again) == rows_of(plan)


@pytest.mark.parametrize("composition", NAMES)
def test_metadata_says_how_the_plan_was_made(composition):
    made = plan_of(composition, [Pair(i) for i in range(9)], params(alpha=1), seed=5)
    assert made.metadata == {
        "format": 1,
        "sampler": composition,
        "alpha": 1.0 if composition == "hybrid" else None,
        "batch_size": 2,
        "steps": 10,
        "seed": 5,
        "pairs_fingerprint": "0" * 64,
    }


def test_file_has_the_columns_and_the_metadata_under_one_key(path):
    table = pq.read_table(path)
    assert table.schema.equals(PLAN_SCHEMA)
    assert table["step"].to_pylist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    assert list(table.schema.metadata) == [b"hbir"]
    assert table.schema.metadata[b"hbir"].startswith(b'{"alpha": [[0.5, 1.0], [1.0, 0.0]], "batch_size": 3, ')


def test_batches_can_begin_at_any_step(plan):
    rest = list(plan.batches(start=2))
    assert len(rest) == 2
    for batch, step in zip(rest, (2, 3), strict=True):
        np.testing.assert_array_equal(batch.pair_ids, plan.pair_ids[3 * step : 3 * step + 3])
        assert batch.query_langs == plan.query_langs[3 * step : 3 * step + 3]
        assert batch.passage_langs == plan.passage_langs[3 * step : 3 * step + 3]


def test_plan_of_other_pairs_is_an_error(plan):
    check_plan(plan, "0" * 64)
    with pytest.raises(
        PlanError, match=r"plan hybrid: expected pairs of fingerprint 0+, found .* 1+\. Run `dvc"
    ):
        check_plan(plan, "1" * 64)


def test_truncated_file_is_an_error(path):
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="expected a whole Parquet file"):
        read_plan(path)


def test_missing_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="expected a file, found none"):
        read_plan(tmp_path / "none.parquet")


@pytest.mark.parametrize("metadata", [None, {b"hbir": b'{"format": 2}'}])
def test_other_format_is_an_error(path, metadata):
    pq.write_table(pq.read_table(path).replace_schema_metadata(metadata), path)
    with pytest.raises(DataError, match="expected a batch plan of format 1"):
        read_plan(path)


def test_missing_rows_are_an_error(path):
    pq.write_table(pq.read_table(path)[:-1], path)
    with pytest.raises(DataError, match="expected 4 steps of 3, found 11 rows"):
        read_plan(path)
