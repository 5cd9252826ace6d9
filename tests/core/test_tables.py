"""Tables are written and read piece by piece, and come out the same however they are cut."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.core import tables
from hbir.core.errors import DataError
from hbir.core.files import write_table
from hbir.core.schemas import PAIRS_SCHEMA, PARALLEL_SCHEMA
from hbir.core.tables import (
    GROUP_BYTES,
    RowGroupWriter,
    StoredTable,
    distinct,
    grouped,
    held,
    pieces,
    write_pieces,
)
from tests.large import LONGEST, large_pairs


def table_of(texts: list[str | None]) -> pa.Table:
    columns = {
        "pair_id": range(len(texts)),
        "lang": ["de"] * len(texts),
        "query": texts,
        "passage": texts[::-1],
    }
    return pa.table(columns, schema=PARALLEL_SCHEMA)


def cut(table: pa.Table, size: int) -> list[pa.Table]:
    return [table.slice(start, size) for start in range(0, len(table), size)]


@pytest.mark.parametrize("rows", [0, 1, 5000])
@pytest.mark.parametrize("size", [1024, 7777])
def test_what_fits_into_a_row_group_has_the_bytes_of_a_table_written_at_once(tmp_path: Path, rows, size):
    table = table_of([f"Text {number}, " * (number % 40) for number in range(rows)])
    write_table(tmp_path / "whole", table)
    assert write_pieces(tmp_path / "pieces", PARALLEL_SCHEMA, cut(table, size)) == rows
    assert (tmp_path / "pieces").read_bytes() == (tmp_path / "whole").read_bytes()


@given(st.lists(st.text("aß界", max_size=30) | st.none(), max_size=40), st.integers(1, 50), st.integers(1, 50))
@settings(max_examples=30)
def test_row_groups_depend_on_the_rows_alone(tmp_path_factory, texts, one, other):
    folder, table = tmp_path_factory.mktemp("groups"), table_of(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "GROUP_ROWS", 7)
        patch.setattr(tables, "GROUP_BYTES", 60)
        for name, size in (("one", one), ("other", other)):
            write_pieces(folder / name, PARALLEL_SCHEMA, cut(table, size))
    assert (folder / "one").read_bytes() == (folder / "other").read_bytes()
    file = pq.ParquetFile(folder / "one")
    assert file.read().equals(table)
    for number in range(file.num_row_groups):
        group = file.read_row_group(number)
        sides = (group[side].to_pylist() for side in ("query", "passage"))
        rows = [len(f"de{query or ''}{passage or ''}".encode()) for query, passage in zip(*sides, strict=True)]
        assert len(group) <= 7
        assert sum(rows[:-1]) < 60  # the last row completes it
        assert number == file.num_row_groups - 1 or len(group) == 7 or sum(rows) >= 60


def test_a_row_group_is_far_from_the_limit_of_an_array():
    assert GROUP_BYTES < (1 << 31) / 8


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_pieces_of_a_file_are_those_of_the_table(tmp_path: Path, monkeypatch, rows):
    monkeypatch.setattr(tables, "PIECE", rows)
    table = table_of([f"Text {number}" for number in range(10)])
    write_pieces(tmp_path / "file", PARALLEL_SCHEMA, [table])
    stored = StoredTable(tmp_path / "file", PARALLEL_SCHEMA)
    assert len(stored) == 10
    for _ in range(2):
        assert pa.Table.from_batches(stored.pieces()).equals(table)
    assert pa.Table.from_batches(pieces(stored, ["query"])).equals(table.select(["query"]))
    assert pa.Table.from_batches(pieces(table, ["query"])).equals(table.select(["query"]))


def test_a_damaged_or_another_file_is_named(tmp_path: Path):
    with pytest.raises(DataError, match="nowhere: expected a file, found none"):
        list(StoredTable(tmp_path / "nowhere", PARALLEL_SCHEMA).pieces())
    write_pieces(tmp_path / "file", PARALLEL_SCHEMA, [])
    with pytest.raises(DataError, match="expected the columns lang string"):
        list(StoredTable(tmp_path / "file", PAIRS_SCHEMA).pieces())
    (tmp_path / "file").write_bytes((tmp_path / "file").read_bytes()[:-20])
    with pytest.raises(DataError, match="expected a whole Parquet file"):
        list(StoredTable(tmp_path / "file", PARALLEL_SCHEMA).pieces())


def test_bytes_that_are_no_text_are_named(tmp_path: Path):
    """Arrow reads them without a word, and Python stumbles where the text is used."""
    write_pieces(tmp_path / "file", PARALLEL_SCHEMA, [table_of(["a query"] * 3)])
    content = (tmp_path / "file").read_bytes()
    (tmp_path / "file").write_bytes(content.replace(b"a query", b"a q\xffery"))
    with pytest.raises(DataError, match="file: expected a whole Parquet file, found .*UTF8"):
        list(StoredTable(tmp_path / "file", PARALLEL_SCHEMA).pieces())


def test_after_an_error_the_old_file_stays(tmp_path: Path):
    def failing():
        yield table_of(["a"])
        raise RuntimeError

    write_pieces(tmp_path / "file", PARALLEL_SCHEMA, [table_of(["old"])])
    with pytest.raises(RuntimeError):
        write_pieces(tmp_path / "file", PARALLEL_SCHEMA, failing())
    assert pq.read_table(tmp_path / "file")["query"].to_pylist() == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_more_text_than_an_array_holds_is_written(tmp_path: Path):
    """The first pieces alone; the rest would only take time."""
    table = large_pairs()
    with pytest.raises(pa.ArrowInvalid, match="offset overflow"):
        table["passage"].combine_chunks().to_pylist()
    with RowGroupWriter(tmp_path / "file", PAIRS_SCHEMA) as writer:
        writer.write(table.slice(len(table) - 150))
    metadata = pq.ParquetFile(tmp_path / "file").metadata
    counts = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert max(counts) <= GROUP_BYTES / LONGEST
    assert sum(counts) == 150


@pytest.mark.parametrize("stored", [False, True])
def test_row_groups_worth_of_rows(tmp_path: Path, monkeypatch, stored):
    monkeypatch.setattr(tables, "PIECE", 3)
    monkeypatch.setattr(tables, "GROUP_ROWS", 6)
    table = table_of([f"Text {number}" for number in range(20)])
    write_pieces(tmp_path / "file", PARALLEL_SCHEMA, [table])
    rows = StoredTable(tmp_path / "file", PARALLEL_SCHEMA) if stored else table
    parts = list(grouped(rows))
    assert pa.concat_tables(parts).equals(table)
    assert all(6 <= len(part) < 6 + 3 for part in parts[:-1])
    assert held(rows).equals(table)
    assert list(grouped(PARALLEL_SCHEMA.empty_table())) == []
    monkeypatch.setattr(tables, "GROUP_BYTES", 1)
    assert [len(part) for part in grouped(table)] == [3] * 6 + [2]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["de", "fr"]))))
def test_different_texts_come_in_the_order_in_which_they_first_come(rows):
    columns = {"pair_id": range(len(rows)), "lang": [lang for _, lang in rows]}
    texts = [text for text, _ in rows]
    table = pa.table(columns | {"query": texts, "passage": texts}, schema=PARALLEL_SCHEMA)
    expected = list(dict.fromkeys(text for text, lang in rows if lang == "de"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "PIECE", 2)
        assert list(distinct(table, "query", {"lang": "de"})) == expected
