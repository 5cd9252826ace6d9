"""Several processes search a corpus together: the same ranks, and the same kept embeddings, as with one."""

import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.benchmarks.task import MONOLINGUAL, SETTINGS
from hbir.core.errors import ModelError
from hbir.encoding.ranks import Ranks
from hbir.retrieval import source
from hbir.retrieval.source import Cache
from hbir.retrieval.streamed import RetrievedRanks, search_streamed
from tests.retrieval.conftest import ListCorpus, Recorder, embed, make_task
from tests.retrieval.test_index import contents
from tests.retrieval.test_streamed import QUERIES, tasks
from tests.together import together


def plain(found: RetrievedRanks) -> dict[str, Any]:
    """Return all that was found, so that it can be compared."""
    values = asdict(found) | {"first": [] if found.first is None else [part.tolist() for part in found.first]}
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values.items()}


def kept_in(folder: Path) -> dict[str, dict[str, bytes]]:
    return {found.name: contents(found) for found in (folder / "toy").iterdir()}


@settings(max_examples=40, deadline=None)
@given(tasks(), st.integers(1, 5), st.integers(1, 13), st.integers(1, 40), st.booleans())
@pytest.mark.compares
def test_ranks_and_ties_are_those_of_one_process(drawn, size, chunk, top_k, monolingual):
    """Scores are small whole numbers, so that many are equal, at the cut-off too."""
    *parts, queries = drawn
    kinds = (MONOLINGUAL,) if monolingual else SETTINGS

    def search(ranks: Ranks) -> dict[str, Any]:
        task = make_task(parts, kinds, top_k)
        k = min(10, top_k)
        return plain(search_streamed(task, queries, embed, None, chunk, k, ranks))

    (alone,) = together(1, search)
    assert together(size, search) == [alone] * size


@settings(max_examples=10, deadline=None)
@given(tasks(), st.integers(2, 4), st.integers(1, 5), st.integers(1, 4))
@pytest.mark.compares
def test_kept_embeddings_are_those_of_one_process(drawn, size, chunk, read):
    """They are read in chunks of some passages, of which each process reads some."""
    *parts, queries = drawn
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "_READ", 3 * read)
        found = {}
        for number in (1, size):
            cache = Cache(Path(name, str(number)), "e" * 64)

            def search(ranks: Ranks, cache: Cache = cache) -> dict[str, Any]:
                return plain(search_streamed(make_task(parts), queries, embed, cache, chunk, 5, ranks))

            first = together(number, search)
            found[number] = first[0], kept_in(cache.folder)
            assert first == together(number, search) == [first[0]] * number  # found again
        assert found[1] == found[size]


CORPORA = {lang: [(f"p{n}", f"{n % 5} {n % 3}") for n in range(11)] for lang in ("de", "fr")}
PARTS = ["de", "fr"], CORPORA, [(0, "de:p3"), (0, "fr:p9"), (1, "fr:p0"), (1, "de:p10")]


def test_every_passage_is_embedded_by_one_process():
    recorders = [Recorder() for _ in range(3)]
    together(
        3,
        lambda ranks: search_streamed(
            make_task(PARTS), QUERIES, recorders[ranks.place.rank], None, 2, 0, ranks
        ),
    )
    assert [sorted(map(len, (one.texts for one in recorders)))] == [[6, 8, 8]]
    texts = [text for recorder in recorders for text in recorder.texts]
    assert sorted(texts) == sorted(text for rows in CORPORA.values() for _, text in rows)


@pytest.mark.parametrize(("before", "after"), [(3, 1), (1, 2), (2, 3)])
@pytest.mark.compares
def test_what_so_many_processes_left_unfinished_others_go_on_with(tmp_path: Path, before: int, after: int):
    whole, parted = Cache(tmp_path / "whole", "e" * 64), Cache(tmp_path / "parted", "e" * 64)
    search_streamed(make_task(PARTS), QUERIES, embed, whole, 2)
    with pytest.raises(KeyboardInterrupt):
        together(
            before,
            lambda ranks: search_streamed(
                make_task(PARTS), QUERIES, Recorder(stop=CORPORA["de"][8][1]), parted, 2, 0, ranks
            ),
        )
    recorders = [Recorder() for _ in range(after)]
    found = together(
        after,
        lambda ranks: search_streamed(
            make_task(PARTS), QUERIES, recorders[ranks.place.rank], parted, 2, 0, ranks
        ),
    )
    assert kept_in(parted.folder) == kept_in(whole.folder)
    assert sum(len(recorder.texts) for recorder in recorders) < 22
    expected = search_streamed(make_task(PARTS), QUERIES, embed, whole, 2)
    assert [plain(one) for one in found] == [plain(expected)] * after


@pytest.mark.compares
def test_a_host_that_does_not_see_the_folder_embeds_but_does_not_read(tmp_path: Path):
    """As with a disk of its own on each of several hosts."""
    recorders = [Recorder() for _ in range(3)]

    def search(ranks: Ranks) -> dict[str, Any]:
        cache = Cache(tmp_path / str(ranks.place.rank % 2), "e" * 64)
        recorder = recorders[ranks.place.rank]
        return plain(search_streamed(make_task(PARTS), QUERIES, recorder, cache, 2, 3, ranks))

    expected = plain(search_streamed(make_task(PARTS), QUERIES, embed, None, 2, 3))
    for _ in range(2):
        assert together(3, search) == [expected] * 3
    assert all(recorder.texts for recorder in recorders)
    assert sum(len(recorder.texts) for recorder in recorders) == 22
    assert not (tmp_path / "1").exists()


@pytest.mark.compares
def test_scores_do_not_depend_on_the_threads_that_a_launcher_gives():
    """torchrun gives one, with which faiss adds up a product of this size in another order."""
    rng = np.random.default_rng(1)
    queries, passages = (rng.standard_normal((size, 384)).astype(np.float32) for size in (1019, 1024))
    corpus = ListCorpus([(f"{row}", f"{row}") for row in range(len(passages))])

    def search(ranks: Ranks) -> bytes:
        alone = ranks.size == 1
        faiss.omp_set_num_threads(len(os.sched_getaffinity(0)) if alone else 1)  # of this thread alone
        held = source.Source("toy", "de", corpus, None, 384)
        best = held.search(queries, 100, lambda texts: passages[list(map(int, texts))], 1024, ranks)
        return best.scores.tobytes()

    assert together(1, search)[0] == together(2, search)[0]


def test_what_one_process_cannot_embed_ends_the_search(tmp_path: Path):
    def broken(texts: list[str]) -> np.ndarray:
        return np.full((len(texts), 2), np.inf)

    with pytest.raises(ModelError, match="expected numbers within float16"):
        together(
            3,
            lambda ranks: search_streamed(
                make_task(PARTS),
                QUERIES,
                broken if ranks.place.rank == 2 else embed,
                Cache(tmp_path, "e" * 64),
                2,
                0,
                ranks,
            ),
        )
    assert not list(tmp_path.rglob("meta.json"))
