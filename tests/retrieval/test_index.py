"""Embeddings on disk: whole, interrupted, of something else."""

from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from hbir.core.errors import DataError, ModelError
from hbir.retrieval.building import build_index, embedded
from hbir.retrieval.index import Chunk, Elsewhere, Keyed, Recipe, find_index
from tests.retrieval.conftest import Recorder, embed

RECIPE = Recipe(corpus="c" * 64, encoder="e" * 64, dimension=2)
PASSAGES = [Keyed(100 - i, f"{i}.1 {-i}") for i in range(11)]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}


def test_what_is_written_is_read_in_any_chunks(tmp_path):
    build_index(tmp_path / "i", PASSAGES, embed, RECIPE, 4)
    index = find_index(tmp_path / "i", RECIPE)
    assert index is not None
    for size in (1, 3, 11, 100):
        chunks = [Chunk(chunk.keys, chunk.embeddings.copy()) for chunk in index.chunks(size)]
        assert max(len(chunk.keys) for chunk in chunks) == min(size, 11)
        assert np.concatenate([chunk.keys for chunk in chunks]).tolist() == list(range(100, 89, -1))
        values = np.concatenate([chunk.embeddings for chunk in chunks])
        assert values.dtype == np.float16
        assert np.array_equal(values, embed([p.text for p in PASSAGES]).astype(np.float16))
    assert set(contents(index.folder)) == {"embeddings.f16", "keys.i64", "meta.json"}


def test_the_first_pass_scores_what_is_stored(tmp_path):
    index = build_index(tmp_path / "i", PASSAGES, embed, RECIPE, 4)
    live = list(embedded(PASSAGES, embed, 4))
    for first, stored in zip(live, index.chunks(4), strict=True):
        assert np.array_equal(first.embeddings, stored.embeddings)
        assert first.embeddings.dtype == np.float16
        assert np.array_equal(first.keys, stored.keys)


def test_a_finished_index_embeds_nothing(tmp_path):
    build_index(tmp_path / "i", PASSAGES, embed, RECIPE, 4)
    recorder = Recorder()
    assert build_index(tmp_path / "i", PASSAGES, recorder, RECIPE, 4).count == 11
    assert recorder.texts == []


@pytest.mark.parametrize("torn", [0, 3])
def test_an_interrupted_index_is_taken_up_and_ends_the_same(tmp_path: Path, torn):
    whole = build_index(tmp_path / "whole", PASSAGES, embed, RECIPE, 4)
    folder = tmp_path / "i"
    with pytest.raises(KeyboardInterrupt):
        build_index(folder, PASSAGES, Recorder(stop=PASSAGES[9].text), RECIPE, 4)
    assert find_index(folder, RECIPE) is None
    with (folder / "embeddings.f16").open("ab") as stream:
        stream.write(b"x" * torn)
    recorder = Recorder()
    build_index(folder, PASSAGES, recorder, RECIPE, 4)
    assert recorder.texts == [p.text for p in PASSAGES[8:]]
    assert contents(folder) == contents(whole.folder)


def test_passages_are_taken_from_the_stream_one_chunk_at_a_time():
    counter = iter(range(10**9))
    passages = (Keyed(i, f"{i} 0") for i in counter)
    recorder = Recorder()
    chunks = embedded(passages, recorder, 5)
    for _ in range(3):
        next(chunks)
    assert next(counter) == 15
    assert recorder.sizes == [5, 5, 5]


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"corpus": "d" * 64}, "expected an index of corpus dddddddddddd, found cccccccccccc"),
        ({"encoder": "f" * 64}, "expected an index of encoder ffffffffffff, found eeeeeeeeeeee"),
        ({"dimension": 3}, "expected an index of dimension 3, found 2. Delete the folder, or name another"),
    ],
)
def test_an_index_of_something_else_is_refused(tmp_path, other, text, finished):
    if finished:
        build_index(tmp_path, PASSAGES, embed, RECIPE, 4)
    else:
        with pytest.raises(KeyboardInterrupt):
            build_index(tmp_path, PASSAGES, Recorder(stop=PASSAGES[9].text), RECIPE, 4)
    with pytest.raises(DataError, match=text):
        find_index(tmp_path, replace(RECIPE, **other))


@pytest.mark.parametrize("name", ["embeddings.f16", "keys.i64"])
def test_a_truncated_index_is_refused(tmp_path, name):
    build_index(tmp_path, PASSAGES, embed, RECIPE, 4)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-2])
    with pytest.raises(DataError, match=f"{name}: expected [0-9]+ bytes, found"):
        find_index(tmp_path, RECIPE)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match="found 0"):
        find_index(tmp_path, RECIPE)


def test_passages_of_another_dimension_than_the_queries(tmp_path):
    with pytest.raises(ModelError, match="expected the 3 dimensions of its query embeddings, found 2"):
        build_index(tmp_path, PASSAGES, embed, replace(RECIPE, dimension=3), 4)


@pytest.mark.parametrize("value", ["nan", "1e6"])
def test_embeddings_that_float16_cannot_hold(value):
    with pytest.raises(ModelError, match=f"at most 65504, found others for '{value} 0'"):
        list(embedded([Keyed(0, "1 1"), Keyed(1, f"{value} 0")], embed, 4))


@pytest.mark.parametrize(("text", "found"), [("{half", "Expecting"), ("[]", "list"), ("{}", "None")])
def test_a_damaged_description_says_to_delete_the_folder(tmp_path, text, found):
    build_index(tmp_path, PASSAGES, embed, RECIPE, 4)
    (tmp_path / "meta.json").write_text(text)
    with pytest.raises(DataError, match=f"found .*{found}.*Delete the folder, or name another"):
        find_index(tmp_path, RECIPE)


class Ahead(Elsewhere):
    """Embed as others do, some chunks ahead; remember how many were out, and whether they were let go."""

    def __init__(self, ahead: int):
        self.ahead, self.most, self.is_over = ahead, 0, False

    def in_order(self, parts: Iterable[list[str]]) -> Generator[np.ndarray, None, None]:
        try:
            source = iter(parts)
            out = deque(islice(source, self.ahead))
            while out:
                self.most = max(self.most, len(out))
                yield embed(out.popleft())
                out.extend(islice(source, 1))
        finally:
            self.is_over = True


@pytest.mark.parametrize("ahead", [1, 2, 5])
@pytest.mark.parametrize("size", [1, 3, 4, 11, 20])
def test_chunks_that_are_taken_ahead_are_the_same(ahead: int, size: int):
    others = Ahead(ahead)
    found, expected = (list(embedded(iter(PASSAGES), by, size)) for by in (others, embed))
    assert [chunk.keys.tolist() for chunk in found] == [chunk.keys.tolist() for chunk in expected]
    assert [chunk.embeddings.tobytes() for chunk in found] == [c.embeddings.tobytes() for c in expected]
    assert others.most == min(ahead, len(expected))
    assert others.is_over


def test_who_stops_early_lets_the_others_go():
    others = Ahead(2)
    chunks = embedded(iter(PASSAGES), others, 2)
    next(iter(chunks))
    assert not others.is_over
    chunks.close()  # type: ignore[attr-defined]
    assert others.is_over
