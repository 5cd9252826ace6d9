"""Embeddings in an object store give what a folder gives, and nothing stays behind here."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hbir.core.errors import DataError
from hbir.core.place import Place
from hbir.encoding.ranks import ALONE
from hbir.retrieval.building import build_index
from hbir.retrieval.index import Index
from hbir.retrieval.kept import Kept, require_store
from hbir.retrieval.source import Cache
from hbir.retrieval.streamed import search_streamed
from tests.retrieval.conftest import Recorder, embed, make_task
from tests.retrieval.test_index import PASSAGES, RECIPE
from tests.retrieval.test_streamed import QUERIES

URL = "memory://bucket/embeddings"


@pytest.fixture
def stored(store: Any, tmp_path: Path) -> Kept:
    return Kept(tmp_path / "there", RECIPE, URL)


def rows(index: Index, size: int, place: Place) -> list[tuple[list[int], list[list[float]]]]:
    return [(chunk.keys.tolist(), chunk.embeddings.tolist()) for chunk in index.chunks(size, place)]


def test_it_is_read_as_from_a_folder(stored: Kept, store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    here = build_index(tmp_path / "here", PASSAGES, embed, RECIPE, 4)
    assert stored.find() is None
    built = stored.build(PASSAGES, embed, 4, ALONE)
    assert not stored.folder.exists()
    found = stored.find()
    assert found is not None
    monkeypatch.setattr("hbir.retrieval.kept.KEYS_AT_ONCE", 4)
    for index in (built, found):
        assert (
            np.concatenate(list(index.key_parts())).tolist() == np.concatenate(list(here.key_parts())).tolist()
        )
        for size in (1, 3, 11, 100):
            for place in (Place(), Place(0, 2), Place(1, 2)):
                assert rows(index, size, place) == rows(here, size, place)
    assert {name.rpartition("/")[2]: len(file.getvalue()) for name, file in store.store.items()} == {
        path.name: path.stat().st_size for path in here.folder.iterdir() if path.name != "lock"
    }


def test_a_run_that_ends_before_all_is_stored_begins_there_again(
    stored: Kept, store: Any, monkeypatch: pytest.MonkeyPatch
):
    put = type(store).put_file

    def broken(self, here, there):
        if there.endswith("meta.json"):
            raise TimeoutError("no answer")
        put(self, here, there)

    with monkeypatch.context() as patch:
        patch.setattr(type(store), "put_file", broken)
        with pytest.raises(DataError, match="expected a store that answers, found TimeoutError"):
            stored.build(PASSAGES, embed, 4, ALONE)
    assert stored.find() is None
    recorder = Recorder()
    assert stored.build(PASSAGES, recorder, 4, ALONE).count == 11
    assert recorder.texts == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("meta.json", b"{", "expected the description of an index"),
        ("meta.json", b'{"format": 1}', "expected an index of corpus"),
        ("embeddings.f16", b"", "embeddings.f16: expected 44 bytes, found 0"),
    ],
)
def test_what_is_of_something_else_or_torn_is_refused(
    stored: Kept, store: Any, name: str, content: bytes, said: str
):
    stored.build(PASSAGES, embed, 4, ALONE)
    store.pipe(f"{URL}/{name}", content)
    with pytest.raises(DataError, match=said):
        stored.find()


def test_a_store_that_does_not_answer_is_not_taken_for_an_empty_one(
    stored: Kept, store: Any, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError("denied")

    monkeypatch.setattr(type(store), "cat_file", refuse)
    with pytest.raises(DataError, match="expected the right to read or write it"):
        stored.find()


def test_a_corpus_that_is_cut_while_it_is_read_is_refused(stored: Kept, store: Any):
    index = stored.build(PASSAGES, embed, 4, ALONE)
    chunks = index.chunks(4)
    next(chunks)
    store.pipe(f"{URL}/embeddings.f16", b"")
    with pytest.raises(DataError, match="embeddings.f16: expected an object that nobody writes to"):
        next(chunks)


def test_whether_it_can_be_written_is_found_out_before(store: Any):
    require_store(URL)
    assert list(store.store) == ["/bucket/embeddings/about.txt"]
    with pytest.raises(DataError, match="expected a store that can be written, found a web server"):
        require_store("https://host/embeddings")


def test_a_benchmark_is_searched_the_same(store: Any, tmp_path: Path, bilingual: Any):
    here = search_streamed(make_task(bilingual), QUERIES, embed, None, 2)
    cache = Cache(tmp_path, "e" * 64, f"{URL}/")
    first = search_streamed(make_task(bilingual), QUERIES, embed, cache, 2)
    recorder = Recorder()
    again = search_streamed(make_task(bilingual), QUERIES, recorder, cache, 2)
    assert recorder.texts == []
    for found in (first, again):
        assert found.counts == here.counts
        assert found.rank_in_language.tolist() == here.rank_in_language.tolist()
        assert found.pooled_rank is not None
        assert here.pooled_rank is not None
        assert np.array_equal(found.pooled_rank, here.pooled_rank)
    assert "/bucket/embeddings/toy/de-eeeeeeeeeeee/meta.json" in store.store
    assert list(tmp_path.rglob("*.f16")) == []
