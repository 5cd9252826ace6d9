"""Streamed search: by hand, against the exact ranking, cached, and with bad input."""

import logging
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.benchmarks.task import MONOLINGUAL, MULTILINGUAL, SETTINGS, RetrievalTask
from hbir.core.errors import DataError, ModelError
from hbir.core.hashing import content_id
from hbir.evaluation.ranking import rank_chunks, similarity_chunks
from hbir.retrieval.room import require_room
from hbir.retrieval.source import Cache
from hbir.retrieval.streamed import search_streamed
from tests.retrieval.conftest import Recorder, embed, make_task

QUERIES = np.array([[1, 0], [0, 1]], np.float32)


def test_by_hand(bilingual):
    found = search_streamed(make_task(bilingual), QUERIES, embed, None, 2)
    # Query 0 sees de 3 2 1 and fr 9 2 2; query 1 sees de 1 5 1 and fr 4 6 0.
    # The positives are in this order: 0 with de:b and fr:c, 1 with de:c and fr:a.
    assert found.rank_in_language.tolist()[::3] == [2, 2]
    assert found.pooled_rank is not None
    assert found.pooled_rank[3] == 3
    assert found.tied_in_language.tolist() == [False, True, True, False]
    assert found.tied_pooled.tolist() == [True, True, True, False]


def test_monolingual_alone_searches_a_query_in_its_own_language(bilingual):
    task = make_task(bilingual, (MONOLINGUAL,))
    found = search_streamed(task, QUERIES, embed, None, 2)
    assert found.rank_in_language.tolist() == [2, 0, 0, 2]
    assert found.pooled_rank is None


def test_what_lies_below_the_cut_off_has_rank_0(bilingual):
    found = search_streamed(make_task(bilingual, SETTINGS, 1), QUERIES, embed, None, 2)
    assert found.rank_in_language.tolist() == [0, 0, 0, 0]
    found = search_streamed(make_task(bilingual, SETTINGS, 2), QUERIES, embed, None, 2)
    assert found.rank_in_language.tolist()[::3] == [2, 2]
    assert found.pooled_rank is not None
    assert found.pooled_rank[3] == 0


def test_the_first_passages_have_their_languages(bilingual):
    query_langs, corpora, relevant = bilingual
    task = make_task((query_langs, corpora | {"th": [("x", "4 0")]}, relevant))
    found = search_streamed(task, QUERIES, embed, None, 2, k=3)
    assert found.counts == {"de": 3, "fr": 3, "th": 1}  # a language that nobody asks in, and no answer is in
    assert found.first is not None
    assert found.first[1].tolist() == [[1, 2, 0], [1, 0, 1]]  # fr 9, th 4, de 3; fr 6, de 5, fr 4
    assert found.first[0][0, 0] == content_id("fr:a")


def test_the_first_passages_may_be_fewer(bilingual):
    found = search_streamed(make_task(bilingual), QUERIES, embed, None, 2, k=10)
    assert found.first is not None
    assert (found.first[1] >= 0).sum(axis=1).tolist() == [6, 6]
    for task, k in ((make_task(bilingual, SETTINGS, 2), 3), (make_task(bilingual, (MONOLINGUAL,)), 1)):
        assert search_streamed(task, QUERIES, embed, None, 2, k=k).first is None
    assert search_streamed(make_task(bilingual), QUERIES, embed, None, 2).first is None


@st.composite
def tasks(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    langs = ["de", "fr", "th"][: draw(st.integers(1, 3))]
    high = draw(st.sampled_from([2, 50]))
    corpora = {
        lang: [(f"p{i}", " ".join(map(str, row))) for i, row in enumerate(rng.integers(-high, high, (size, 3)))]
        for lang, size in zip(langs, draw(st.lists(st.integers(1, 12), min_size=3, max_size=3)), strict=False)
    }
    query_langs = draw(st.lists(st.sampled_from(langs), min_size=1, max_size=6))
    names = [f"{lang}:{name}" for lang, rows in corpora.items() for name, _ in rows]
    relevant = [(q, name) for q in range(len(query_langs)) for name in names if rng.random() < 0.3] or [
        (0, names[0])
    ]
    queries = rng.integers(-high, high, (len(query_langs), 3)).astype(np.float32)
    return query_langs, corpora, relevant, queries


def exact(parts, queries):
    """Rank all positives without cut-off by the exact path: (query, passage id) → own and pooled rank."""
    query_langs, corpora, relevant = parts
    rows = [(f"{lang}:{name}", text, lang) for lang, passages in corpora.items() for name, text in passages]
    ids, texts, langs = (list(column) for column in zip(*rows, strict=True))
    task = RetrievalTask(
        name="toy",
        version="1",
        query_ids=[f"q{i}" for i in range(len(query_langs))],
        queries=["?"] * len(query_langs),
        query_langs=query_langs,
        passage_ids=ids,
        passages=texts,
        passage_langs=langs,
        relevant=np.array(sorted((q, ids.index(name)) for q, name in relevant), dtype=np.int64),
    )
    (ranks,) = rank_chunks(task, similarity_chunks(queries, embed(texts), 100))
    assert ranks.pooled_rank is not None
    columns = (ranks.query, ranks.passage, ranks.rank_in_language, ranks.pooled_rank)
    return task, {(int(q), ids[p]): (int(own), int(pooled)) for q, p, own, pooled in zip(*columns, strict=True)}


@settings(max_examples=60)
@given(tasks(), st.integers(1, 13), st.integers(1, 40))
def test_equal_to_the_exact_ranking_down_to_the_cut_off(drawn, size, top_k):
    *parts, queries = drawn
    task = make_task(parts, SETTINGS, top_k)
    found = search_streamed(task, queries, embed, None, size, k=min(10, top_k))
    whole, expected = exact(parts, queries)
    assert found.pooled_rank is not None
    for row, (query, passage) in enumerate(task.judged.positives(0, len(queries)).tolist()):
        ranks = expected[query, task.judged.passage_ids[passage]]
        shown = tuple(rank if rank <= top_k else 0 for rank in ranks)
        assert (found.rank_in_language[row], found.pooled_rank[row]) == shown
    (ranks,) = rank_chunks(whole, similarity_chunks(queries, embed(whole.passages), 100), top=True)
    assert found.first is not None
    assert ranks.top is not None
    width = min(ranks.top.lang.shape[1], top_k)
    names = np.array([*found.counts, "none"])
    same = names[found.first[1][:, :width]] == np.array([*whole.languages, "none"])[ranks.top.lang[:, :width]]
    assert same.all()
    assert (found.first[1][:, width:] == -1).all()


def test_kept_embeddings_give_the_same_ranks_without_the_encoder_or_the_corpus(tmp_path, bilingual):
    langs, corpora, relevant = bilingual
    corpora = {
        lang: [(name, text.replace(" ", ".001 ")) for name, text in rows] for lang, rows in corpora.items()
    }
    cache = Cache(tmp_path, "e" * 64)
    fresh = search_streamed(make_task((langs, corpora, relevant)), QUERIES, embed, None, 2)
    first = search_streamed(make_task((langs, corpora, relevant)), QUERIES, embed, cache, 2)
    task, recorder = make_task((langs, corpora, relevant)), Recorder()
    again = search_streamed(task, QUERIES, recorder, cache, 2)
    for one, other in ((fresh, first), (first, again)):
        assert np.array_equal(one.rank_in_language, other.rank_in_language)
        assert one.pooled_rank is not None
        assert other.pooled_rank is not None
        assert np.array_equal(one.pooled_rank, other.pooled_rank)
        assert np.array_equal(one.tied_in_language, other.tied_in_language)
    assert recorder.texts == []
    assert [corpus.passes for corpus in task.corpora.values()] == [0, 0]
    assert search_streamed(task, QUERIES, recorder, Cache(tmp_path, "f" * 64), 2).rank_in_language is not None
    assert len(recorder.texts) == 6


def test_another_corpus_or_dimension_than_the_kept_one(tmp_path, bilingual):
    langs, corpora, relevant = bilingual
    cache = Cache(tmp_path, "e" * 64)
    search_streamed(make_task((langs, corpora, relevant)), QUERIES, embed, cache, 2)
    with pytest.raises(DataError, match="expected an index of dimension 3, found 2. Delete the folder"):
        search_streamed(make_task((langs, corpora, relevant)), np.ones((2, 3)), embed, cache, 2)
    corpora["de"].append(("d", "0 0"))
    with pytest.raises(DataError, match="toy/de-eeeeeeeeeeee: expected an index of corpus"):
        search_streamed(make_task((langs, corpora, relevant)), QUERIES, embed, cache, 2)


def test_another_dimension_without_a_cache(bilingual):
    with pytest.raises(ModelError, match="expected the 3 dimensions"):
        search_streamed(make_task(bilingual), np.ones((2, 3), np.float32), embed, None, 2)


def test_a_query_that_is_no_number_is_named_before_anything_is_embedded(bilingual):
    recorder = Recorder()
    with pytest.raises(ModelError, match="found others for 1 of 2 queries"):
        search_streamed(make_task(bilingual), np.array([[1, 0], [np.nan, 1]]), recorder, None, 2)
    assert recorder.texts == []


def test_an_id_twice_is_named_before_anything_is_embedded(bilingual):
    langs, corpora, relevant = bilingual
    corpora["fr"].append(("b", "0 0"))
    recorder = Recorder()
    with pytest.raises(DataError, match="toy, corpus fr: .*found 'b' more than once"):
        search_streamed(make_task((langs, corpora, relevant)), QUERIES, recorder, None, 2)
    assert recorder.texts == []


def test_relevant_passages_in_no_corpus(bilingual, caplog):
    langs, corpora, relevant = bilingual
    relevant = [*relevant, *((0, f"fr:x{i}") for i in range(6))]
    with pytest.raises(DataError, match="found 6 of 10 .* the first fr:x0, fr:x1, fr:x2, fr:x3, fr:x4. "):
        search_streamed(make_task((langs, corpora, relevant), unknown_share=0.5), QUERIES, embed, None, 2)
    with caplog.at_level(logging.WARNING):
        task = make_task((langs, corpora, relevant), unknown_share=0.6)
        found = search_streamed(task, QUERIES, embed, None, 2)
    assert "6 of 10 relevant passages in the qrels unknown" in caplog.text
    assert np.count_nonzero(found.rank_in_language == 0) == 6


def test_a_corpus_that_nobody_asks_is_not_embedded(bilingual):
    _, corpora, relevant = bilingual
    recorder = Recorder()
    task = make_task((["fr", "fr"], corpora, relevant), settings=(MONOLINGUAL,))
    search_streamed(task, QUERIES, recorder, None, 2)
    assert recorder.texts == [text for _, text in corpora["fr"]]
    task = make_task((["fr", "fr"], corpora, relevant), settings=(MONOLINGUAL, MULTILINGUAL))
    assert search_streamed(task, QUERIES, Recorder(), None, 2).pooled_rank is not None


def test_kept_embeddings_are_told_beforehand_and_refused_without_room(tmp_path, caplog, monkeypatch):
    caplog.set_level("INFO")
    missing: dict[Path, int] = {tmp_path / "en": 10**7, tmp_path / "de": 0}
    require_room(tmp_path / "not/there/yet", missing, 0)
    assert "not/there/yet: 0.08 GB of " in caplog.text
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10**9))
    with pytest.raises(DataError, match=r"room for embeddings of 7.76 GB, found 1.00 GB.*hbir clean"):
        require_room(tmp_path, missing, 384)
    (tmp_path / "en").mkdir()
    with (tmp_path / "en/embeddings.f16").open("wb") as file:
        file.truncate(7 * 10**9)
    require_room(tmp_path, missing, 384)
