"""What the pipeline wrote itself, damaged or swapped afterwards: pairs, plans, scores, translations, store."""

import gzip
import json
import os
import pickle
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hbir.batching.build import make_plan
from hbir.batching.inventory import Inventory
from hbir.batching.plan import write_plan
from hbir.core.errors import DataError
from hbir.core.files import write_table
from hbir.core.hashing import file_digest
from hbir.translation.memory.store import Store
from tests.batching.inventories import Pair, merged
from tests.batching.inventories import params as batch_params
from tests.faults.harness import Case, Ran, both, cases, contents, refusal, refused, write
from tests.reporting.builder import build

PICKLE = pickle.dumps(Ran())
PAIRS, PLAN = "data/pairs.parquet", "data/batches/xx.parquet"
SHOW, FIND = "plan pairs xx --all", "plan find 3"


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs, plans and scores as the pipeline leaves them, in small."""
    folder = tmp_path_factory.mktemp("whole")
    table = merged([Pair(number) for number in range(12)])
    write_table(folder / PAIRS, table)
    for name in ("xx", "xy"):
        plan = make_plan(name, Inventory.of(table), batch_params(), 1, file_digest(folder / PAIRS))
        write_plan(folder / f"data/batches/{name}.parquet", plan)
    build(folder / "scores", languages=("de", "en"))
    return folder


@pytest.fixture
def made(project, whole: Path):
    """Be in a project that has them."""
    shutil.copytree(whole, ".", dirs_exist_ok=True)


def changed(path: str, change: Callable[[bytes], bytes]):
    def make() -> None:
        Path(path).write_bytes(change(Path(path).read_bytes()))

    return make


def told(path: str, change: Callable[[dict[bytes, bytes]], dict[bytes, bytes]]):
    """Change what a Parquet file says about itself."""

    def make() -> None:
        table = pq.read_table(path)
        pq.write_table(table.replace_schema_metadata(change(dict(table.schema.metadata or {}))), path)

    return make


def head(**changes: object):
    """Change the head of the plan."""

    def change(metadata: dict[bytes, bytes]) -> dict[bytes, bytes]:
        return {b"hbir": json.dumps(json.loads(metadata[b"hbir"]) | changes).encode()}

    return told(PLAN, change)


def rows(path: str, change: Callable[[pa.Table], pa.Table]):
    def make() -> None:
        pq.write_table(change(pq.read_table(path)), path)

    return make


def gaps(table: pa.Table, name: str) -> pa.Table:
    place = table.column_names.index(name)
    return table.set_column(place, name, pa.nulls(len(table), table.schema.field(name).type))


def swapped(one: str, other: str):
    def make() -> None:
        Path(one).rename("swap")
        Path(other).rename(one)
        Path("swap").rename(other)

    return make


def replaced(path: str, make_new: Callable[[Path], object]):
    def make() -> None:
        Path(path).unlink()
        make_new(Path(path))

    return make


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda content: content[: len(content) // 2],
    "zeros": lambda content: bytes(len(content)),
    "a pickle": lambda _: PICKLE,
    "gzipped": gzip.compress,
}


@cases(
    *((f"pairs: {name}", changed(PAIRS, change), FIND) for name, change in DAMAGE.items()),
    *((f"a plan: {name}", changed(PLAN, change), SHOW) for name, change in DAMAGE.items()),
    ("pairs and a plan swapped", swapped(PAIRS, PLAN), SHOW),
    ("pairs of others", rows(PAIRS, lambda table: table.slice(1)), SHOW, "fingerprint"),
    ("pairs without a column", rows(PAIRS, lambda table: table.drop_columns(["split"])), FIND, "columns"),
    ("a plan without a column", rows(PLAN, lambda table: table.drop_columns(["step"])), SHOW, "columns"),
    ("a plan with gaps", rows(PLAN, lambda table: gaps(table, "pair_id")), SHOW, "a row without"),
    ("a plan without languages", rows(PLAN, lambda table: gaps(table, "query_lang")), SHOW, "a row without"),
    ("a plan with fewer rows", rows(PLAN, lambda table: table.slice(1)), SHOW),
    ("a plan without a head", told(PLAN, lambda _: {}), SHOW),
    ("a plan whose head is no JSON", told(PLAN, lambda _: {b"hbir": b"{"}), SHOW, "head"),
    ("a plan whose head is a list", told(PLAN, lambda _: {b"hbir": b"[1]"}), SHOW),
    ("a plan whose head is a nest", told(PLAN, lambda _: {b"hbir": b"[" * 100_000}), SHOW, "head"),
    ("a plan of another format", head(format=99), SHOW, "format"),
    ("a plan with more in its head", head(store="x"), SHOW, "head"),
    ("a plan of steps in words", head(steps="ten"), SHOW, "head"),
    ("a plan of no steps", head(steps=0), SHOW, "head"),
    ("a plan of negative batches", head(batch_size=-2), SHOW, "head"),
    ("a plan of huge batches", head(batch_size=10**12), SHOW),
    ("a plan that is a folder", replaced(PLAN, Path.mkdir), SHOW),
    ("pairs that are a folder", replaced(PAIRS, Path.mkdir), FIND),
    ("pairs that are a pipe", replaced(PAIRS, os.mkfifo), FIND),
    ("a plan that is a link to itself", replaced(PLAN, lambda path: path.symlink_to(path.name)), SHOW),
    ("no plan", replaced(PLAN, lambda _: None), SHOW),
    ("a plan that climbs", lambda: None, "plan pairs ../../etc/passwd"),
    ("an export over a file", lambda: None, "plan export xx params.yaml/plan.parquet"),
    ("an export into the system", lambda: None, "plan export xx /sys/plan.parquet"),
)
@pytest.mark.usefixtures("made")
def test_refused(case: Case):
    refusal(case)


SUMMARY, FINAL, RECORD = "scores/xx/cldr/summary.json", "scores/xx/final.json", "scores/xx/training.json"
CELLS, QUERIES = "scores/xx/cldr/cells.csv", "scores/xx/cldr/queries.parquet"
NAN, INF = float("nan"), float("inf")
COMPARE, TESTED = "compare", "compare --intervals"


def json_of(path: str, change: Callable[[dict[str, object]], object]):
    return changed(path, lambda content: json.dumps(change(json.loads(content))).encode())


@cases(
    *(
        (f"{Path(path).name}: {name}", changed(path, change), COMPARE)
        for path in (SUMMARY, FINAL, RECORD)
        for name, change in DAMAGE.items()
    ),
    *((f"queries.parquet: {name}", changed(QUERIES, change), TESTED) for name, change in DAMAGE.items()),
    *(
        (f"{Path(path).name}: {name}", write(path, content), COMPARE)
        for path in (SUMMARY, FINAL, RECORD)
        for name, content in {
            "a list": [1, 2],
            "nested without end": "[" * 100_000,
            "a number without end": '{"a": ' + "9" * 10_000 + "}",
            "in Windows-1252": b'{"a": "\xe9"}',
        }.items()
    ),
    ("scores of a folder elsewhere", json_of(FINAL, lambda final: {"../../../etc": {}}), COMPARE, "beside it"),
    ("scores of the system", json_of(FINAL, lambda final: {"/etc": {}}), COMPARE, "beside it"),
    (
        "scores that are no number",
        json_of(FINAL, lambda final: {"cldr": {"monolingual": {"map": NAN}}}),
        COMPARE,
    ),
    (
        "scores without end",
        json_of(SUMMARY, lambda summary: summary | {"settings": {"monolingual": {"map": -INF}}}),
        COMPARE,
    ),
    ("scores in words", json_of(FINAL, lambda final: {"cldr": {"monolingual": {"map": "good"}}}), COMPARE),
    ("a summary of other languages", json_of(SUMMARY, lambda s: s | {"settings": 5}), COMPARE, "settings"),
    ("a record that lacks its best", json_of(RECORD, lambda r: {**r, "best": None}), COMPARE, "best"),
    ("a table of cells: a pickle", write(CELLS, PICKLE), "evaluate"),
    (
        "a table of cells: words",
        write(CELLS, "setting,query_lang,pool,map\nmonolingual,de,de,good\n"),
        "evaluate",
    ),
    ("queries of another sampler", swapped(QUERIES, "scores/xy/cldr/queries.parquet"), TESTED),
    ("scores that are not there", lambda: shutil.rmtree("scores/hybrid"), COMPARE),
    ("a summary that is a pipe", replaced(SUMMARY, os.mkfifo), COMPARE, "a pipe"),
    ("a summary that is a folder", replaced(SUMMARY, Path.mkdir), COMPARE),
)
@pytest.mark.usefixtures("made")
def test_scores_are_refused(case: Case):
    refusal(case)


def database(path: Path, *statements: str) -> Path:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


MEMORIES: dict[str, Callable[[Path], object]] = {
    "a pickle": lambda path: path.write_bytes(PICKLE),
    "text": lambda path: path.write_text("a translation"),
    "a folder": Path.mkdir,
    "a cut file": lambda path: (Store(path), path.write_bytes(path.read_bytes()[:3000])),
    "its middle gone": lambda path: (Store(path), path.write_bytes(path.read_bytes()[:4096] + bytes(4096))),
    "another database": lambda path: database(path, "CREATE TABLE x (y)"),
    "a later layout": lambda path: database(path, "CREATE TABLE x (y)", "PRAGMA user_version = 44099"),
    "an entry of bytes": lambda path: (
        Store(path),
        database(path, f"INSERT INTO entries VALUES (x'00', x'{PICKLE.hex()}', 0)"),
    ),
    "an entry of no text": lambda path: (
        Store(path),
        database(path, "INSERT INTO entries VALUES (x'00', x'ff', 0)"),
    ),
    "below a file": lambda path: path.parent.joinpath("file").write_bytes(b""),
}


@pytest.mark.parametrize("name", MEMORIES)
def test_a_translation_memory_is_refused(name: str, tmp_path: Path):
    path = tmp_path / "es.sqlite"
    MEMORIES[name](path)
    before = contents(tmp_path)
    with refused(), pytest.raises(DataError) as error:
        list(Store(tmp_path / "file/es.sqlite" if name == "below a file" else path).read([b"\0"]))
    assert "\n" not in str(error.value)
    assert contents(tmp_path) == before
    assert not Path("RAN").exists()


STORES: dict[str, Callable[[Path], object]] = {
    "a pickle": lambda path: path.write_bytes(PICKLE),
    "a folder": Path.mkdir,
    "zeros": lambda path: path.write_bytes(bytes(8192)),
    "another database": lambda path: database(path, "CREATE TABLE runs (y)"),
}


@cases(
    *((f"a store: {name}", lambda make=make: make(Path("mlflow.db")), "track") for name, make in STORES.items())
)
@pytest.mark.slow
@pytest.mark.usefixtures("made")
@pytest.mark.filterwarnings("ignore")
def test_stores_are_refused(case: Case):
    refusal(case)


def pipeline(lock: bytes | str, stages: bytes | str = "stages:\n  a:\n    cmd: echo\n    outs: [a.txt]\n"):
    return both(
        write(".dvc/config", "[core]\nno_scm = true\n"), write("dvc.yaml", stages), write("dvc.lock", lock)
    )


@cases(
    ("a lock: a pickle", pipeline(PICKLE), "restore"),
    ("a lock: a tag of Python", pipeline("schema: !!python/object/apply:os.system ['touch RAN']"), "restore"),
    ("a lock: a list", pipeline("- a"), "restore"),
    ("a lock: of another schema", pipeline("schema: '9.9'\nstages: {}"), "restore"),
    ("a lock: outputs that are none", pipeline("schema: '2.0'\nstages: {a: {cmd: echo, outs: 5}}"), "restore"),
    ("a pipeline: no YAML", pipeline("schema: '2.0'", "stages: ["), "restore"),
    ("a pipeline: a pickle", pipeline("schema: '2.0'", PICKLE), "restore"),
)
@pytest.mark.slow
@pytest.mark.usefixtures("project")
@pytest.mark.filterwarnings("ignore")
def test_locks_are_refused(case: Case):
    refusal(case)
