"""What the pipeline wrote itself: pairs, plans, scores, records, states, memories, locks."""

import io
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import strategies as st

from hbir.batching.build import make_plan
from hbir.batching.inventory import Inventory
from hbir.batching.plan import read_plan, write_plan
from hbir.core.lock_file import locked_stages
from hbir.core.machine import read_record as read_machine
from hbir.core.machine import record_path
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.core.tables import StoredTable
from hbir.evaluation.comparable import query_tables
from hbir.evaluation.results import read_results
from hbir.inputs.digests import Digests
from hbir.retrieval.index import Recipe, find_index
from hbir.studies.made import find_made
from hbir.tracking.locked import out_hash, scored_on, trained_on
from hbir.training.checkpoint import Checkpoints
from hbir.translation.memory.store import Remembered, Store
from tests.batching.inventories import Pair, merged
from tests.batching.inventories import params as batch_params
from tests.fuzz.harness import as_json, changed, damaged, faulty, fuzz, survives
from tests.reporting.builder import build


@pytest.fixture(scope="session")
def whole(place: Path) -> Path:
    """Pairs, a plan, scores, a memory and an index, in small."""
    folder = place / "whole"
    table = merged([Pair(number) for number in range(6)])
    (folder / "data").mkdir(parents=True)
    pq.write_table(table, folder / "pairs.parquet")
    write_plan(folder / "plan.parquet", make_plan("xx", Inventory.of(table), batch_params(), 1, "0" * 64))
    build(folder / "scores", samplers=("xx", "xy"), languages=("de", "en"))
    Store(folder / "memory.sqlite").write({b"\0": Remembered("a"), b"\1": Remembered("b", True)})
    torch.save(STATE, folder / "state.pt")
    return folder


STATE: dict[str, Any] = {
    "step": 3,
    "model": {"weight": torch.ones(4)},
    "optimizer": {"state": [1.5, None, True]},
    "best_model": {"step": 0, "digest": ""},
    "run": "xx-1",
}


def plan_of(path: Path) -> None:
    for part in read_plan(path).parts():
        part.names(part.query_langs)


def pairs_of(path: Path) -> None:
    for piece in StoredTable(path, PAIRS_SCHEMA).pieces():
        piece.to_pylist()


READERS: dict[str, Callable[[Path], None]] = {"plan": plan_of, "pairs": pairs_of}


@pytest.mark.parametrize("name", READERS)
@fuzz(st.data())
def test_spoilt_tables(whole: Path, name: str, data: st.DataObject):
    content = data.draw(faulty(st.just((whole / f"{name}.parquet").read_bytes())))
    (whole / "spoilt.parquet").write_bytes(content)
    survives(READERS[name], whole / "spoilt.parquet")


def of_type(kind: pa.DataType, rows: int) -> pa.Array:
    value = {pa.int32(): 1, pa.int64(): 2, pa.string(): "de"}[kind]
    return pa.array([value] * rows, kind)


@fuzz(st.data())
def test_plans_of_other_rows_and_heads(whole: Path, data: st.DataObject):
    table = pq.read_table(whole / "plan.parquet")
    head = json.loads(table.schema.metadata[b"hbir"])
    place = data.draw(st.integers(0, table.num_columns - 1))
    name, kind = table.column_names[place], table.schema.types[place]
    turned = table[name].take(list(range(len(table) - 1, -1, -1)))
    of_one_value = of_type(kind, len(table))
    other = data.draw(st.sampled_from([pa.nulls(len(table), kind), of_one_value, turned]))
    table = table.set_column(place, table.schema.field(place), other) if data.draw(st.booleans()) else table
    written = data.draw(st.one_of(changed(head).map(as_json), st.just(as_json(head)), damaged(as_json(head))))
    table = table.slice(data.draw(st.integers(0, 3))).replace_schema_metadata({b"hbir": written})
    pq.write_table(table, whole / "spoilt.parquet", row_group_size=data.draw(st.sampled_from([1, 7, 1000])))
    survives(plan_of, whole / "spoilt.parquet")


def scores_of(folder: Path) -> None:
    results = read_results(folder, ("xx", "xy"))
    for one in results:
        for name in one.summaries:
            one.cells(name)
            one.preferences(name)
    query_tables(results, "cldr")


@fuzz(st.data())
def test_scores(whole: Path, data: st.DataObject):
    folder = whole / "spoilt"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole / "scores", folder)
    assert survives(scores_of, folder)
    files = sorted(path.relative_to(folder) for path in (folder / "xx").rglob("*") if path.is_file())
    file = folder / data.draw(st.sampled_from(files))
    content = file.read_bytes()
    by_key = changed(json.loads(content)).map(as_json) if file.suffix == ".json" else damaged(content)
    file.write_bytes(data.draw(st.one_of(by_key, damaged(content))))
    survives(scores_of, folder)


@fuzz(st.data())
def test_states_count_as_absent(whole: Path, data: st.DataObject):
    content = (whole / "state.pt").read_bytes()
    states = Checkpoints(whole / "xx-1")
    states.folder.mkdir(exist_ok=True)
    (states.folder / "state.pt").write_bytes(data.draw(faulty(st.just(content))))
    states.load()  # or nothing, with a warning


@fuzz(changed({key: value for key, value in STATE.items() if key != "model"} | {"model": {}}))
def test_states_of_other_content(whole: Path, state: Any):
    states = Checkpoints(whole / "xx-1")
    states.folder.mkdir(exist_ok=True)
    stream = io.BytesIO()
    torch.save(state, stream)
    (states.folder / "state.pt").write_bytes(stream.getvalue())
    states.load()


@fuzz(st.data())
def test_memories(whole: Path, data: st.DataObject):
    path = whole / "spoilt.sqlite"
    content = (whole / "memory.sqlite").read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    some = data.draw(st.binary(min_size=1, max_size=40))
    other = [content[:at] + some + content[at + len(some) :], content[:at], content + some]
    path.write_bytes(data.draw(st.sampled_from(other)))

    def use(_: Path) -> None:
        store = Store(path)
        list(store.read([b"\0", b"\1"]))
        store.write({b"\2": Remembered("c")})

    survives(use, path)


ENTRIES = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=3), st.binary(max_size=3))


@fuzz(st.lists(st.tuples(st.one_of(st.binary(max_size=2), st.text(max_size=1)), ENTRIES, ENTRIES), max_size=3))
def test_memories_of_other_entries(whole: Path, rows: list[tuple[Any, Any, Any]]):
    path = whole / "other.sqlite"
    path.unlink(missing_ok=True)
    Store(path)
    connection = sqlite3.connect(path)
    for row in rows:
        try:
            connection.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", row)
        except (sqlite3.IntegrityError, OverflowError, UnicodeEncodeError):
            continue
    connection.commit()
    connection.close()
    survives(lambda _: list(Store(path).read([b"", b"\0"])), path)


RECORD = {"seconds": 1.0, "pairs_per_second": 2.0, "device": "cpu", "packages": {"torch": "2"}}
META = {"format": 1, "corpus": "a", "encoder": "b", "dimension": 4, "count": 0}
SEEN = {"/a 5 1 2": "0" * 64}


@fuzz(st.data())
def test_small_records(whole: Path, data: st.DataObject):
    def spoilt(value: Any) -> bytes:
        return data.draw(st.one_of(changed(value).map(as_json), damaged(as_json(value))))

    record_path(whole, "f").parent.mkdir(parents=True, exist_ok=True)
    record_path(whole, "f").write_bytes(spoilt(RECORD))
    read_machine(whole, "f")  # a warning at most
    (whole / "index").mkdir(exist_ok=True)
    (whole / "index/meta.json").write_bytes(spoilt(META))
    survives(lambda folder: find_index(folder, Recipe("a", "b", 4)), whole / "index")
    (whole / "digests.json").write_bytes(spoilt(SEEN))
    survives(lambda path: Digests(path).of(str(whole / "pairs.parquet"), "here"), whole / "digests.json")


LOCK = {
    "schema": "2.0",
    "stages": {
        "collect": {
            "cmd": "python -m hbir collect",
            "deps": [{"path": "data/inputs/collect.json", "hash": "md5", "md5": "0" * 32, "size": 3}],
            "params": {"params.yaml": {"seed": 1}},
            "outs": [{"path": "data/english.parquet", "hash": "md5", "md5": "0" * 32, "size": 3}],
        }
    },
}


@fuzz(st.one_of(changed(LOCK).map(as_json), damaged(as_json(LOCK))))
def test_locks(whole: Path, content: bytes):
    (whole / "dvc.lock").write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(whole)
        survives(lambda _: find_made({"seed": 1}, ["de", "en"]), whole / "dvc.lock")
    stages = locked_stages(whole / "dvc.lock")
    out_hash(stages, "data/english.parquet")
    trained_on(stages, "xx")
    scored_on(stages, "xx")
