"""Texts are found in memory, in a file, and mapped into memory, and are the same."""

from pathlib import Path

import numpy as np
import pytest

from hbir.batching.plan import Batch
from hbir.core import tables
from hbir.core.errors import DataError
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.core.tables import StoredTable, write_pieces
from hbir.core.text_chunks import Chunks
from hbir.training.text_store import Groups
from hbir.training.texts import PairTexts, open_texts
from tests.large import ROWS, large_pairs
from tests.training.conftest import LANGS, make_pairs


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of many row groups, which end within languages."""
    monkeypatch.setattr(tables, "GROUP_ROWS", 7)
    monkeypatch.setattr(tables, "PIECE", 5)
    write_pieces(tmp_path / "pairs.parquet", PAIRS_SCHEMA, [make_pairs()])
    return tmp_path / "pairs.parquet"


@pytest.mark.parametrize("scattered", [False, True])
def test_a_file_gives_what_the_table_gives(path: Path, tmp_path: Path, scattered):
    expected, texts = PairTexts(make_pairs()), open_texts(path, tmp_path / ".hbir")
    if scattered:
        texts.expect_lookups()
    assert isinstance(texts._store, Chunks if scattered else Groups)
    assert len(texts) == len(expected) == 90
    rng = np.random.default_rng(1)
    for count in (0, 1, 90):
        pairs = rng.integers(30, size=count)
        langs = [LANGS[number] for number in rng.integers(3, size=2 * count)]
        batch = Batch(pairs, langs[:count], langs[count:])
        for side, rows in texts.rows(batch).items():
            assert rows.tolist() == expected.rows(batch)[side].tolist()
            assert texts.texts(side, rows) == expected.texts(side, rows)
    for start, stop in ((0, 90), (3, 4), (6, 8), (20, 90), (5, 5), (88, 200)):
        for side in ("query", "document"):
            part = slice(start, stop)
            assert texts.texts(side, part) == expected.texts(side, part)


def test_an_index_is_made_once_and_mapped(path: Path, tmp_path: Path, monkeypatch):
    open_texts(path, tmp_path / ".hbir").expect_lookups()
    made = sorted(file for file in (tmp_path / ".hbir/texts").rglob("*") if file.is_file())
    before = [(file.name, file.stat().st_mtime_ns) for file in made if not file.name.endswith(".lock")]
    assert [name for name, _ in before] == ["ids.bin", "languages.json", "texts.arrow"]
    again = open_texts(path, tmp_path / ".hbir")
    again.expect_lookups()
    assert [(file.name, file.stat().st_mtime_ns) for file in made if not file.name.endswith(".lock")] == before
    assert isinstance(again._rows._ids, np.memmap)


def test_a_pair_that_is_not_there_is_named(path: Path, tmp_path: Path):
    with pytest.raises(DataError, match="expected pair 99 in aa, which the plan names"):
        open_texts(path, tmp_path / ".hbir").rows(Batch(np.array([99]), ["aa"], ["aa"]))


def test_other_pairs_have_another_index(path: Path, tmp_path: Path):
    open_texts(path, tmp_path / ".hbir")
    write_pieces(path, PAIRS_SCHEMA, [make_pairs(20)])
    assert len(open_texts(path, tmp_path / ".hbir")) == 78
    assert len(list((tmp_path / ".hbir/texts").iterdir())) == 2


def test_a_small_file_is_held_and_leaves_nothing(tmp_path: Path):
    write_pieces(tmp_path / "pairs.parquet", PAIRS_SCHEMA, [make_pairs()])
    assert isinstance(open_texts(tmp_path / "pairs.parquet", tmp_path / ".hbir")._store, Chunks)
    assert not (tmp_path / ".hbir").exists()


def test_more_text_than_an_array_holds_is_looked_up():
    texts = PairTexts(large_pairs())
    rows = np.array([ROWS - 1, 0, ROWS - 1])
    assert [len(text) for text in texts.texts("document", rows)] == [1 << 20] * 3
    assert texts.texts("query", rows) == [f"query {row}" for row in rows]
    assert len(texts.texts("document", slice(ROWS - 2, ROWS))) == 2


def test_a_table_in_a_file_knows_its_length(path: Path):
    assert len(StoredTable(path, PAIRS_SCHEMA)) == 90
