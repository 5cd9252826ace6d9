"""Pairs that go to the disk come out as those that are held in memory, with any memory, and leave nothing."""

import os
import random
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.benchmarks.cldr import ABOUT
from hbir.benchmarks.params import BenchmarkParams
from hbir.benchmarks.registry import LOADERS, Loader
from hbir.collection import entries, gathered, ordered, outputs
from hbir.collection.collect import collect
from hbir.collection.gathered import Gathered
from hbir.collection.pair_file import Record, content_of, record_of
from hbir.collection.params import CollectParams
from hbir.collection.source import Harvest, Kind, Pair, Version
from hbir.collection.sources import KINDS
from hbir.collection.staged import Staging
from hbir.collection.stored import StoredPairs
from hbir.core import tables
from hbir.core.errors import DataError
from hbir.core.resources import ResourceParams
from hbir.core.schemas import ENGLISH_SCHEMA, PARALLEL_SCHEMA
from hbir.core.spill import SPILL, spill_folder
from hbir.core.tables import StoredTable, pieces, write_pieces
from tests.collection.test_collect import CLDR, Toy
from tests.collection.test_guard import RIVERS

WORDS = ["river", "Moon", "stone", "tower", "garden", "Where does the Rhine rise?", ""]
texts = st.lists(st.sampled_from(WORDS), min_size=0, max_size=3).map(" ".join)
versions = st.dictionaries(st.sampled_from(["de", "zh"]), st.builds(Version, texts, texts), max_size=2)
any_text = st.text(st.characters(), max_size=5)
one_pair = st.builds(
    Pair,
    any_text,
    any_text,
    group=any_text,
    query_key=any_text,
    versions=st.dictionaries(st.sampled_from(["de", "zh"]), st.builds(Version, any_text, any_text)),
    translate=st.booleans(),
)
some_pairs = st.lists(
    st.builds(
        Pair,
        texts,
        texts,
        group=st.sampled_from(["", "a", "b", "c"]),
        relation=st.sampled_from(["", "is"]),
        versions=versions,
        translate=st.booleans(),
    ),
    max_size=14,
)


def harvest(pairs, params):
    return Harvest(iter(pairs), Counter(odd=1))


def both_ways(patch, folder, sources, **keys):
    """Collect some sources in memory, and on the disk."""
    given = []
    for name, pairs in sources.items():
        patch.setitem(KINDS, name, Kind(Toy, partial(harvest, pairs)))
        given.append({"kind": name, "name": name, "validation": 0.4})
    params = CollectParams(sources=given, **keys)
    for where, name, value in (
        (gathered, "HELD", 2),
        (tables, "PIECE", 3),
        (outputs, "PIECE", 3),
        (entries, "_WAITING", 5),
        (entries, "_HELD", 4),
        (ordered, "_WAITING", 300),
    ):
        patch.setattr(where, name, value)
    results: list[Any] = []
    for place in (None, folder):
        try:
            english, parallel, summary = collect(params, place)
            results.append((whole(english), whole(parallel), summary))
        except DataError as error:
            results.append(str(error))
    return results


def whole(rows):
    return pa.Table.from_batches(pieces(rows), schema=rows.schema)


@given(one=some_pairs, other=some_pairs, third=some_pairs)
@settings(max_examples=12, deadline=None)
def test_the_disk_gives_what_the_memory_gives(one, other, third, tmp_path_factory):
    """The twin is the collection in memory: cleaning, repetitions, languages, splits, near-duplicates."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("spill")
        sources = {"one": one, "other": other, "third": third}
        held, stored = both_ways(patch, folder, sources, near_duplicates=0.5)
    assert stored == held


def many(count, seed=1):
    rng = random.Random(seed)
    return [
        Pair(
            f"Where is number {rng.randrange(count * 2)} of the river?",
            f"At {rng.random()} of its way",
            versions={"de": Version(f"Wo ist {rng.random()}?", "Dort.")} if rng.random() < 0.3 else {},
        )
        for _ in range(count)
    ]


def test_the_leak_guard_reads_from_the_disk(monkeypatch, tmp_path):
    monkeypatch.setitem(LOADERS, "rivers", Loader(BenchmarkParams, lambda params, languages: [RIVERS], ABOUT))
    leaking = [Pair("where does THE rhine rise", "In Switzerland."), *many(30)]
    held, stored = both_ways(monkeypatch, tmp_path, {"one": leaking}, leak_guard=["rivers"])
    assert stored == held
    assert held[2].dropped["one: in benchmark rivers"] == 1


def test_large_collections_are_in_files_and_small_ones_are_not(monkeypatch, tmp_path):
    assert isinstance(collect(CollectParams(sources=[CLDR]), tmp_path).english, pa.Table)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(gathered, "HELD", 100)
    english = collect(CollectParams(sources=[CLDR]), tmp_path).english
    assert isinstance(english, StoredTable)
    assert whole(english).equals(collect(CollectParams(sources=[CLDR])).english)


@given(
    pairs=some_pairs,
    memory=st.integers(1, 4000),
    piece=st.sampled_from([1, 500, 10**9]),
    waiting=st.sampled_from([1, 1000]),
)
@settings(max_examples=20, deadline=None)
def test_memory_shows_in_no_byte(pairs, memory, piece, waiting, tmp_path_factory):
    """Byte by byte: with so little memory that every two pairs are divided, and with enough."""
    written: list[Any] = []
    for held, given_memory in ((10**9, 10**9), (1, memory)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(KINDS, "toy", Kind(Toy, lambda params: Harvest(iter(pairs))))
            patch.setattr(gathered, "HELD_BYTES", held)
            patch.setattr(ordered, "_WAITING", waiting)
            for where in (tables, outputs):
                patch.setattr(where, "PIECE_BYTES", piece)
            patch.setattr(ResourceParams, "bytes", given_memory)
            folder = tmp_path_factory.mktemp("memory")
            params = CollectParams(sources=[{"kind": "toy", "validation": 0.4}], near_duplicates=0.5)
            try:
                english, parallel, summary = collect(params, folder, ResourceParams())
            except DataError as error:
                written.append(str(error))
                continue
            assert isinstance(english, StoredTable) == (held == 1)
            write_pieces(folder / "e", ENGLISH_SCHEMA, pieces(english))
            write_pieces(folder / "p", PARALLEL_SCHEMA, pieces(parallel))
            written.append(((folder / "e").read_bytes(), (folder / "p").read_bytes(), summary))
    assert written[0] == written[1]


@given(st.builds(Record, st.integers(-(2**63), 2**63 - 1), st.integers(0, 9), one_pair))
def test_a_record_comes_back_as_it_was_written(record):
    content = content_of(record)
    assert content.count(b"\n") == 1
    assert record_of(content) == record._replace(pair=record.pair._replace(versions=dict(record.pair.versions)))


def test_what_is_held_is_counted_in_bytes_of_memory(monkeypatch, tmp_path):
    """Three pairs of 30 kB are too much where two fit, in one-byte letters and in half as many of two bytes."""
    monkeypatch.setattr(gathered, "HELD_BYTES", 70_000)
    for letter, letters in (("x", 30_000), ("я", 15_000)):
        given = [Pair(f"Where is {n}?", f"{n} {letter * letters}") for n in range(3)]
        for count, goes in ((2, False), (3, True)):
            folder = tmp_path / f"{letter}{count}"
            folder.mkdir()
            held = Gathered(partial(Staging, folder, 10**6))
            held.begin("toy")
            for pair in given[:count]:
                held.add(pair)
            assert isinstance(held.finished(), StoredPairs) == goes


def test_a_pair_that_comes_again_and_again_needs_no_more_memory(tmp_path):
    """However often its part is divided it cannot get smaller, and need not."""
    parts = ordered.Parts(tmp_path / "parts")
    for number in range(50):
        parts.add(Record(7, number, Pair("q", "p" * 1000, versions={"de": Version("f", "a")})))
    parts.add(Record(-7, 0, Pair("other", "p" * 1000)))
    found = list(parts.ordered(memory=1500))
    assert [(one.pair_id, one.source) for one in found] == [(-7, 0), (7, 0)]
    assert [path for path in (tmp_path / "parts").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("ids", [range(20), range(-(2**63), -(2**63) + 20), [-(2**63), -1, 0, 1, 2**63 - 1]])
def test_ids_that_differ_in_their_last_bits_alone_are_divided_too(tmp_path, ids):
    parts = ordered.Parts(tmp_path / "parts")
    for pair_id in sorted(ids, key=lambda number: number % 7):
        parts.add(Record(pair_id, 0, Pair("q", "p" * 1000)))
    assert [one.pair_id for one in parts.ordered(memory=1)] == list(ids)


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("where", ["parts/00", "pairs"])
def test_a_disk_that_fills_says_so_and_the_next_run_starts_over(monkeypatch, tmp_path, where):
    """The system itself refuses: while pairs are read, and while they are put in order."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr(gathered, "HELD", 10)
    monkeypatch.setitem(KINDS, "toy", Kind(Toy, lambda params: Harvest(many(300))))
    params = CollectParams(sources=[{"kind": "toy"}])
    with pytest.raises(DataError, match=r"spill.*expected room on the disk.*Free some space there") as raised:
        with spill_folder() as folder:
            mkdir = Path.mkdir

            def with_a_full_disk(path: Path, *args: Any, **keys: Any) -> None:
                mkdir(path, *args, **keys)
                if path == folder / "parts" and not (folder / where).exists():
                    (folder / where).symlink_to(FULL)

            monkeypatch.setattr(Path, "mkdir", with_a_full_disk)
            collect(params, folder)
    assert "run the command again" in str(raised.value)
    assert [path for path in (tmp_path / SPILL).iterdir() if path.is_dir()] == []
    monkeypatch.undo()
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr(gathered, "HELD", 10)
    monkeypatch.setitem(KINDS, "toy", Kind(Toy, lambda params: Harvest(many(300))))
    with spill_folder() as folder:
        assert whole(collect(params, folder).english).equals(collect(params).english)


def _grown(path):
    with path.open("a") as stream:
        stream.write(LINE % (99, 99))


def _written_anew(path):
    """Write as many bytes, a nanosecond later at least."""
    text, before = path.read_text(), path.stat().st_mtime_ns
    path.write_text(text.replace("q1", "q2", 1))
    os.utime(path, ns=(before + 1, before + 1))


def _replaced(path):
    """Put another file of the same size and time in its place."""
    other, before = path.with_name("other"), path.stat()
    other.write_text(path.read_text().replace("q1", "q2", 1))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


LINE = '{"query": "q%d", "passage": "p%d"}\n'


@pytest.mark.parametrize("change", [_grown, _written_anew, _replaced, Path.unlink])
def test_a_source_that_changes_while_it_is_read_is_refused(tmp_path, change):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(LINE % (n, n) for n in range(50)))

    def changing(params):
        for number in range(50):
            if number == 20:
                change(path)
            yield Pair(f"q{number}", f"p{number}")

    kind = KINDS["jsonl"]
    source = {"kind": "jsonl", "name": "faq", "path": str(path)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(KINDS, "jsonl", kind._replace(read=lambda params: Harvest(changing(params))))
        with pytest.raises(DataError, match=r"a\.jsonl: expected a file that nobody writes to"):
            collect(CollectParams(sources=[source]))
    if path.exists():
        assert len(collect(CollectParams(sources=[source])).english) > 0
