"""Pairs that go to the disk come out as those that are held in memory, with any memory, and leave nothing."""

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
from hbir.collection import gathered, staged
from hbir.collection.collect import collect
from hbir.collection.params import CollectParams
from hbir.collection.source import Harvest, Kind, Pair, Version
from hbir.collection.sources import KINDS
from hbir.core import tables
from hbir.core.errors import DataError
from hbir.core.resources import ResourceParams
from hbir.core.spill import SPILL, spill_folder
from hbir.core.tables import StoredTable, pieces
from tests.collection.test_collect import CLDR, Toy
from tests.collection.test_guard import RIVERS

WORDS = ["river", "Moon", "stone", "tower", "garden", "Where does the Rhine rise?", ""]
texts = st.lists(st.sampled_from(WORDS), min_size=0, max_size=3).map(" ".join)
versions = st.dictionaries(st.sampled_from(["de", "zh"]), st.builds(Version, texts, texts), max_size=2)
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
    for where, name, value in ((gathered, "HELD", 2), (tables, "PIECE", 3), (staged, "PIECE", 3)):
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


@pytest.mark.parametrize("memory", ["1GB", "8GB"])
def test_memory_and_the_engines_threads_show_in_nothing(monkeypatch, tmp_path, memory):
    monkeypatch.setattr("hbir.core.engine._THREADS", 1 if memory == "8GB" else 3)
    monkeypatch.setattr(gathered, "HELD", 10)
    monkeypatch.setitem(KINDS, "toy", Kind(Toy, lambda params: Harvest(many(300))))
    params = CollectParams(sources=[{"kind": "toy"}])
    stored = collect(params, tmp_path, ResourceParams(memory=memory))
    held = collect(params)
    assert whole(stored.english).equals(held.english)
    assert whole(stored.parallel).equals(held.parallel)
    assert stored.summary == held.summary


def test_a_disk_that_fills_says_so_and_nothing_stays(monkeypatch, tmp_path):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setattr(gathered, "HELD", 10)
    monkeypatch.setitem(KINDS, "toy", Kind(Toy, lambda params: Harvest(many(300))))
    params = CollectParams(sources=[{"kind": "toy"}])
    real = tables.RowGroupWriter.write

    def full(self, piece):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables.RowGroupWriter, "write", full)
    with pytest.raises(DataError, match="expected room on the disk.*run the command again"):
        with spill_folder() as folder:
            collect(params, folder)
    assert [path for path in (tmp_path / SPILL).iterdir() if path.is_dir()] == []
    monkeypatch.setattr(tables.RowGroupWriter, "write", real)
    with spill_folder() as folder:
        assert len(collect(params, folder).english) > 100


def test_a_source_that_changes_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    line = '{"query": "q%d", "passage": "p%d"}\n'
    path.write_text("".join(line % (n, n) for n in range(50)))

    def growing(params):
        for number in range(50):
            if number == 20:
                with Path(path).open("a") as stream:
                    stream.write(line % (99, 99))
            yield Pair(f"q{number}", f"p{number}")

    kind = KINDS["jsonl"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(KINDS, "jsonl", kind._replace(read=lambda params: Harvest(growing(params))))
        source = {"kind": "jsonl", "name": "faq", "path": str(path)}
        with pytest.raises(DataError, match=r"a\.jsonl: expected a file that nobody writes to"):
            collect(CollectParams(sources=[source]))
    assert len(collect(CollectParams(sources=[source])).english) > 0
