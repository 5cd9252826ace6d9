import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hbir.batching.build import draft_plan
from hbir.batching.inventory import Inventory
from hbir.batching.plan import check_plan, read_plan, write_plan
from hbir.batching.summary import language_composition, monolingual_steps
from hbir.core.errors import DataError, PlanError
from hbir.core.schemas import PLAN_SCHEMA
from tests.batching.inventories import NAMES, Pair, merged, params, plan_of, rows_of


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
    made = plan_of(composition, [Pair(i) for i in range(9)], params(size=4, alpha=1), seed=5)
    assert made.metadata == {
        "format": 1,
        "sampler": composition,
        "alpha": 1.0 if composition in ("hybrid", "hybrid_rows") else None,
        "batch_size": 4,
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
        named = zip(batch.pair_ids.tolist(), batch.query_langs, batch.passage_langs, strict=True)
        assert [(step, *row) for row in named] == rows_of(plan)[3 * step : 3 * step + 3]


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


def test_another_table_is_an_error(path):
    pq.write_table(pq.read_table(path).rename_columns(["step", "pair_id", "query_lang", "passage_tang"]), path)
    with pytest.raises(DataError, match="expected the columns .*found .*passage_tang"):
        read_plan(path)


def test_languages_that_are_no_text_are_an_error(path):
    table = pq.read_table(path)
    wrong = pa.Array.from_buffers(
        pa.string(), len(table), pa.array([b"\xff"] * len(table), pa.binary()).buffers()
    )
    pq.write_table(table.set_column(2, table.schema.field(2), wrong), path)
    with pytest.raises(DataError, match="expected a whole Parquet file, found .*UTF8"):
        list(read_plan(path).parts())


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


PAIRS = [Pair(i, languages=["de", "en"] if i % 2 else ["en", "fr"]) for i in range(12)]


def written_in_parts(path, sampler):
    """Write a plan of 10 steps of 3 in parts of two steps, which is 6 of at most 7 examples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hbir.batching.head.PART", 7)
        write_plan(path, draft_plan(sampler, Inventory.of(merged(PAIRS)), params(size=3), 1, "f"))
    return path


@pytest.fixture
def in_parts(monkeypatch, tmp_path):
    monkeypatch.setattr("hbir.batching.head.PART", 7)
    return written_in_parts(tmp_path / "parts.parquet", "mixed")


def whole(sampler="mixed"):
    return plan_of(sampler, PAIRS, params(size=3))


@pytest.mark.parametrize("sampler", NAMES)
def test_no_sampler_depends_on_the_parts(sampler, tmp_path):
    assert rows_of(read_plan(written_in_parts(tmp_path / "parts.parquet", sampler))) == rows_of(whole(sampler))


def test_plan_in_parts_is_the_same_plan(in_parts):
    file = pq.ParquetFile(in_parts)
    assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [6] * 5
    plan = read_plan(in_parts)
    assert rows_of(plan) == rows_of(whole())
    assert [len(part) for part in plan.parts()] == [6] * 5
    assert language_composition(plan) == language_composition(whole())
    assert monolingual_steps(plan).tolist() == monolingual_steps(whole()).tolist()


def test_steps_may_lie_across_row_groups(in_parts, tmp_path):
    pq.write_table(pq.read_table(in_parts), tmp_path / "other.parquet", row_group_size=7)
    plan = read_plan(tmp_path / "other.parquet")
    assert rows_of(plan) == rows_of(whole())
    assert [len(part) for part in plan.parts()] == [6] * 5


def test_a_batch_reads_its_row_group_alone_and_once(in_parts, monkeypatch):
    read, original = [], pq.ParquetFile.read_row_group

    def counted(self, number, **options):
        read.append(number)
        return original(self, number, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counted)
    plan = read_plan(in_parts)
    assert read == []
    for step in (4, 5, 4, 6, 7, 4, 0):
        plan.batch(step)
    assert read == [2, 3, 0]


def test_steps_in_another_order_are_an_error(in_parts):
    table = pq.read_table(in_parts)
    pq.write_table(table.take(list(range(29, -1, -1))), in_parts)
    with pytest.raises(DataError, match="expected steps of 3, found steps in another order"):
        list(read_plan(in_parts).parts())


def test_damage_within_a_file_is_an_error(path):
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(content)
    with pytest.raises(DataError, match="expected a whole Parquet file"):
        list(read_plan(path).parts())
