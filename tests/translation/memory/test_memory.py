import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir import __version__
from hbir.core.errors import DataError, ParamsError
from hbir.translation.memory import store
from hbir.translation.memory.memory import Memory, memory_path
from hbir.translation.memory.store import FORMAT, Remembered
from tests.translation.makers import read_only

ROOT = Path(__file__).parents[3]
NLLB = {"translator": {"engine": "nllb", "revision": "abc", "options": {"beams": 4}}, "target": "es"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "memory" / "es.sqlite"


@pytest.fixture
def part(path):
    return Memory(path).part(NLLB)


def opened_with(monkeypatch, pragma):
    connect = sqlite3.connect

    def connected(*args, **options):
        connection = connect(*args, **options)
        connection.execute(pragma)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connected)


def test_what_is_put_is_there_the_next_time(path, part):
    part.put({"a": Remembered("A"), "b": Remembered("", truncated=True)})
    assert Memory(path).part(NLLB).get(["a", "b", "c"]) == {"a": ("A", False), "b": ("", True)}


def test_the_first_translation_stays(part):
    part.put({"a": Remembered("first")})
    part.put({"a": Remembered("second"), "b": Remembered("B")})
    assert part.get(["a", "b"]) == {"a": ("first", False), "b": ("B", False)}


@given(st.dictionaries(st.text(), st.tuples(st.text(), st.booleans())))
def test_any_text_comes_back(entries):
    entries = {source: Remembered(*entry) for source, entry in entries.items()}
    with tempfile.TemporaryDirectory() as folder:
        part = Memory(Path(folder) / "x").part(NLLB)
        part.put(entries)
        assert part.get(list(entries)) == entries


def test_more_keys_than_one_query_takes(part, monkeypatch):
    monkeypatch.setattr(store, "_CHUNK", 7)
    part.put({str(i): Remembered(str(-i)) for i in range(0, 50, 2)})
    assert part.get([str(i) for i in range(50)]) == {str(i): (str(-i), False) for i in range(0, 50, 2)}


@pytest.mark.parametrize(
    "other",
    [
        {"translator": {"engine": "opus", "revision": "abc", "options": {"beams": 4}}, "target": "es"},
        {"translator": {"engine": "nllb", "revision": "abd", "options": {"beams": 4}}, "target": "es"},
        {"translator": {"engine": "nllb", "revision": "abc", "options": {"beams": 5}}, "target": "es"},
        {"translator": {"engine": "nllb", "revision": "abc", "options": {"beams": 4}}, "target": "ca"},
        {"translator": {"engine": "nllb", "revision": "abc", "options": {}}, "target": "es"},
    ],
)
def test_what_came_about_in_another_way_is_not_found(path, part, other):
    part.put({"a": Remembered("A")})
    assert Memory(path).part(other).get(["a"]) == {}


def test_the_order_of_the_keys_of_an_identity_does_not_matter(path, part):
    part.put({"a": Remembered("A")})
    assert Memory(path).part(dict(reversed(NLLB.items()))).get(["a"])


KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from hbir.translation.memory.memory import Memory
from hbir.translation.memory.store import Remembered
part = Memory(Path(sys.argv[1])).part({})
part.put({f"{i}": Remembered("kept") for i in range(2000)})
connect = sqlite3.connect
def deadly(*args, **options):
    connection = connect(*args, **options)
    connection.execute("PRAGMA cache_size = 5")  # so that pages reach the file before the commit
    statements = []
    def traced(sql):
        statements.append(sql)
        if sql == "COMMIT" if sys.argv[2] == "commit" else len(statements) > 3000:
            os.kill(os.getpid(), signal.SIGKILL)
    connection.set_trace_callback(traced)
    return connection
sqlite3.connect = deadly
part.put({f"{i}": Remembered("lost" * 50) for i in range(1000, 5000)})
"""


@pytest.mark.parametrize("moment", ["commit", "insert"])
def test_a_killed_process_leaves_whole_commits(path, moment):
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), moment], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert Path(f"{path}-journal").is_file()  # it was in the middle of writing
    assert Memory(path).part({}).get([str(i) for i in range(5000)]) == {
        str(i): ("kept", False) for i in range(2000)
    }


WRITER = """
import sys
from pathlib import Path
from hbir.translation.memory.memory import Memory
from hbir.translation.memory.store import Remembered
part = Memory(Path(sys.argv[1])).part({})
for i in range(60):
    part.put({f"{sys.argv[2]} {i}": Remembered("own"), f"shared {i}": Remembered(sys.argv[2])})
    assert part.get([f"shared {i}"])
"""


def test_two_processes_at_once(path):
    commands = [[sys.executable, "-c", WRITER, str(path), name] for name in ("left", "right")]
    both = [subprocess.Popen(command, cwd=ROOT) for command in commands]
    assert [process.wait(60) for process in both] == [0, 0]
    part = Memory(path).part({})
    own = part.get([f"{name} {i}" for name in ("left", "right") for i in range(60)])
    assert len(own) == 120
    shared = part.get([f"shared {i}" for i in range(60)])
    assert len(shared) == 60
    assert {entry.text for entry in shared.values()} <= {"left", "right"}


def test_a_file_that_another_process_holds(path, part, monkeypatch):
    monkeypatch.setattr(store, "_PATIENCE", 0.01)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DataError, match=r"no other process holds, found database is locked.*Wait until"):
            part.put({"a": Remembered("A")})
    part.put({"a": Remembered("A")})


def test_a_full_disk(part, monkeypatch):
    part.put({"a": Remembered("A")})
    opened_with(monkeypatch, "PRAGMA max_page_count = 3")
    with pytest.raises(DataError, match=r"es\.sqlite: expected room on the disk.*is full.*Free some space"):
        part.put({str(i): Remembered("x" * 500) for i in range(100)})
    monkeypatch.undo()
    assert part.get(["a", *map(str, range(100))]) == {"a": ("A", False)}


def test_a_file_that_is_no_database(path):
    path.parent.mkdir()
    path.write_text("Dear diary, " * 100)
    with pytest.raises(
        DataError, match=r"expected a whole translation memory, found.*not a database.*Move the file"
    ):
        Memory(path)


def test_a_damaged_file(path, part):
    part.put({str(i): Remembered("x" * 500) for i in range(100)})
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x07" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"es\.sqlite: expected a whole translation memory, found.*malformed"):
        part.get(["1"])


@pytest.mark.parametrize(("other", "whose"), [(FORMAT + 1, "a newer"), (FORMAT - 1, "an older")])
def test_a_memory_of_another_version(path, part, other, whose):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {other}")
    message = (
        rf"layout {FORMAT}, which hbir {__version__} reads, found layout {other} of {whose} hbir\. "
        r"Install that hbir, or name another folder in translate\.memory; or, at last, delete"
    )
    with pytest.raises(DataError, match=message):
        part.get(["a"])


@pytest.mark.parametrize("version", [0, 7])
def test_a_database_of_somebody_else(path, version):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(DataError, match="found a database of something else. Move it away, or name"):
        Memory(path)


def test_a_file_removed_meanwhile_is_made_anew(path, part):
    part.put({"a": Remembered("A")})
    path.unlink()
    assert part.get(["a"]) == {}
    shutil.rmtree(path.parent)
    with pytest.raises(DataError, match=r"a file that can be written.*translate\.memory"):
        part.put({"a": Remembered("A")})


def test_a_folder_in_the_place_of_the_file(path):
    path.mkdir(parents=True)
    with pytest.raises(DataError, match="unable to open"):
        Memory(path)


def test_a_memory_that_may_only_be_read(part, monkeypatch):
    part.put({"a": Remembered("A")})
    part.make_sure_to_write()
    read_only(monkeypatch)
    assert part.get(["a"])
    with pytest.raises(DataError, match="readonly.*permissions"):
        part.put({"b": Remembered("B")})
    with pytest.raises(DataError, match=r"expected a file that can be written, found.*readonly.*permissions"):
        part.make_sure_to_write()


def test_to_make_sure_leaves_no_trace(path, part):
    part.put({"a": Remembered("A")})
    before = path.read_bytes()
    part.make_sure_to_write()
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_only_be_read(path, part):
    part.put({"a": Remembered("A")})
    path.parent.chmod(0o555)
    assert part.get(["a"])
    with pytest.raises(DataError, match="expected a file that can be written"):
        part.make_sure_to_write()


def test_experiments_in_other_folders_share_the_memory(tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert memory_path(".hbir/translations", "es") == tmp_path.resolve() / ".hbir/translations/es.sqlite"


def test_a_memory_anywhere(tmp_path, monkeypatch):
    monkeypatch.setenv("SHARED", str(tmp_path))
    assert memory_path("$SHARED/memory", "es") == tmp_path / "memory/es.sqlite"
    assert memory_path("~/memory", "es") == Path.home() / "memory/es.sqlite"
    monkeypatch.delenv("SHARED")
    with pytest.raises(ParamsError, match=r"translate\.memory: expected the environment variable SHARED"):
        memory_path("$SHARED/memory", "es")


@pytest.mark.parametrize("broken", ["CAST(x'ff41' AS TEXT)", "x'ff41'"])
def test_an_entry_that_is_no_text_is_told(tmp_path, broken):
    memory = Memory(tmp_path / "es.sqlite")
    memory.part({}).put({"a": Remembered("b")})
    with closing(sqlite3.connect(memory.path)) as connection, connection:
        connection.execute(f"UPDATE entries SET text = {broken}")
    with pytest.raises(DataError, match=r"es\.sqlite: expected a whole translation memory.*Move the file away"):
        memory.part({}).get(["a"])


def test_a_damaged_list_of_tables_is_told(tmp_path):
    """Of which SQLite's own words are then no text."""
    path = tmp_path / "es.sqlite"
    Memory(path).part({}).put({"a": Remembered("b")})
    content = bytearray(path.read_bytes())
    content[content.rindex(b" TABLE ") + 1] = 0x80
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"es\.sqlite: expected a whole translation memory.*Move the file away"):
        Memory(path).part({}).get(["a"])


def test_a_folder_and_a_file_in_the_wrong_place_are_told_apart(tmp_path):
    (tmp_path / "es.sqlite").mkdir()
    with pytest.raises(DataError, match="expected a file, or none yet.*Move away the folder that stands there"):
        Memory(tmp_path / "es.sqlite")
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "es.sqlite", tmp_path / "file" / "below" / "es.sqlite"):
        with pytest.raises(DataError, match="expected a folder to keep it in.*Move away the file that stands"):
            Memory(path)


def test_a_folder_without_permission_is_told(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(DataError, match="a file that can be written, found .*Permission denied.*permissions"):
        Memory(tmp_path / "below" / "es.sqlite")
