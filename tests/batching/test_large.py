"""Pairs are indexed and merged piece by piece, and it shows in nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from hbir.batching import pair_index, text_keys
from hbir.batching.build import make_plan
from hbir.batching.inventory import Inventory
from hbir.batching.plan import write_plan
from hbir.core import tables
from hbir.core.errors import DataError
from hbir.core.schemas import PAIRS_SCHEMA, TRANSLATED_SCHEMA
from hbir.core.tables import StoredTable, write_pieces
from hbir.core.text import normalise
from tests.batching.inventories import NAMES, Pair, any_pairs, merged, params, table, whole
from tests.large import large_pairs


@pytest.fixture
def tiny_pieces(monkeypatch, tmp_path):
    cut_small(monkeypatch, tmp_path)


def cut_small(monkeypatch, folder):
    """Let everything that is cut be cut after a few rows, and hashes go to the disk."""
    monkeypatch.setenv("DVC_ROOT", str(folder))
    for module, names in ((tables, ("GROUP_ROWS", "PIECE")), (text_keys, ("_HELD", "_BLOCK"))):
        for name in names:
            monkeypatch.setattr(module, name, 3)
    monkeypatch.setattr(pair_index, "_WAITING", 2)


def same_keys(inventory: Inventory, pairs: pa.Table) -> None:
    """Compare with a twin that looks at every text."""
    rows = {(row["pair_id"], row["lang"]): row for row in pairs.to_pylist() if row["split"] == "train"}
    assert inventory.pair_ids.tolist() == sorted({pair for pair, _ in rows})
    assert inventory.languages == sorted(set(pairs["lang"].to_pylist()))
    seen: dict[int, set[tuple[str, object]]] = {}
    for place, pair in enumerate(inventory.pair_ids.tolist()):
        for column, lang in enumerate(inventory.languages):
            row = rows.get((pair, lang))
            assert inventory.sets[inventory.set_of[place], column] == (row is not None)
            keys = inventory.passage_texts[place, column], inventory.query_texts[place, column]
            if row is None:
                assert keys == (0, 0)
                continue
            assert inventory.sources[inventory.source[place]] == row["source"]
            for key, what in (
                (keys[0], ("passage", normalise(row["passage"]))),
                (keys[1], ("query", normalise(row["query"]))),
                (inventory.passages[place], ("passage id", row["passage_id"])),
                (inventory.queries[place], ("query id", row["query_id"])),
            ):
                assert key > 0
                seen.setdefault(int(key), set()).add(what)
    assert all(len(found) == 1 for found in seen.values())
    assert len({next(iter(found)) for found in seen.values()}) == len(seen)


@given(any_pairs())
@settings(max_examples=40)
def test_keys_say_what_reads_the_same(pairs):
    same_keys(Inventory.of(merged(pairs)), merged(pairs))


@given(pairs=any_pairs())
@settings(max_examples=20)
def test_pieces_and_files_show_in_nothing(pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    table = merged(pairs)
    expected = Inventory.of(table)
    with pytest.MonkeyPatch.context() as patch:
        cut_small(patch, folder)
        write_pieces(folder / "pairs", PAIRS_SCHEMA, [table])
        inventory = Inventory.of(StoredTable(folder / "pairs", PAIRS_SCHEMA))
    same_keys(inventory, table)
    for name in ("languages", "sources"):
        assert getattr(inventory, name) == getattr(expected, name)
    for name in ("pair_ids", "source", "sets", "set_of", "passages", "queries", "passage_texts", "query_texts"):
        assert np.array_equal(getattr(inventory, name), getattr(expected, name)), name
    assert not list((folder / ".hbir/spill").glob("*/*"))


@pytest.mark.parametrize("composition", NAMES)
def test_a_plan_does_not_depend_on_how_texts_are_numbered(composition, tmp_path):
    """Only which keys are equal counts, so hashes may number them in any order."""
    pairs = [
        Pair(number, source="ab"[number % 2], passage_id=number % 9, queries={"de": f"q{number % 7}"})
        for number in range(40)
    ]
    inventory = Inventory.of(merged(pairs))
    most = int(max(inventory.passage_texts.max(), inventory.query_texts.max()))
    order = np.concatenate([[0], 1 + np.random.default_rng(1).permutation(most)]).astype(np.int32)
    names = ("passages", "queries", "passage_texts", "query_texts")
    other = replace(inventory, **{name: order[getattr(inventory, name)] for name in names})
    for name, chosen in (("one", inventory), ("other", other)):
        write_plan(tmp_path / name, make_plan(composition, chosen, params(size=4, steps=30), 1, "f"))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_more_text_than_an_array_holds_is_indexed(monkeypatch):
    monkeypatch.setattr(text_keys, "_hash", len)  # reading 2 GiB of letters would only take time
    inventory = Inventory.of(large_pairs())
    assert len(set(inventory.passage_texts.ravel().tolist())) == 1
    assert len(inventory.pair_ids) == len(large_pairs())


def stored(path: Path, pairs, language) -> StoredTable:
    write_pieces(path / language, TRANSLATED_SCHEMA, [table(pairs, language)])
    return StoredTable(path / language, TRANSLATED_SCHEMA)


@pytest.mark.usefixtures("tiny_pieces")
def test_files_are_merged_as_tables_are(tmp_path):
    pairs = [Pair(number, languages=["de", "fr"] if number % 3 else ["fr"]) for number in range(-4, 9)]
    files = {language: stored(tmp_path, pairs, language) for language in ("fr", "de")}
    assert whole(files).equals(merged(pairs))


@pytest.mark.usefixtures("tiny_pieces")
def test_pairs_out_of_order_or_of_two_kinds_are_found_across_pieces(tmp_path):
    pairs = [Pair(number) for number in range(9)]
    rows = table(pairs, "de")
    for place, message in ((5, "order of their ids"), (2, "one row per pair and language")):
        moved = (
            pa.concat_tables([rows, rows.slice(place, 1)])
            if place == 5
            else pa.concat_tables([rows.slice(0, 3), rows.slice(2)])
        )
        with pytest.raises(DataError, match=message):
            whole({"de": moved})
    other = [Pair(number, source="b" if number == 7 else "a") for number in range(9)]
    with pytest.raises(DataError, match="pair 7: expected one source per pair"):
        whole({"de": table(pairs, "de"), "fr": table(other, "fr")})
