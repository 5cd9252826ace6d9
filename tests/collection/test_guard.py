"""A pair whose question or passage is a benchmark's is not collected."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hbir.benchmarks.cldr import ABOUT
from hbir.benchmarks.params import BenchmarkParams
from hbir.benchmarks.registry import LOADERS, Loader
from hbir.benchmarks.streamed import Corpus, Passage, StreamedTask
from hbir.benchmarks.task import RetrievalTask
from hbir.collection.guard import Guard, load_guarded
from hbir.collection.source import Pair, Version
from hbir.core.errors import DataError, ParamsError
from tests.collection.sources import collected, leaks, pairs_of, write_jsonl

DATA = os.environ.get("HBIR_DATA", "")
CANDIDATE = "The Rhine rises in the Alps and reaches the sea."
THAI = "แม่น้ำไหลลงสู่ทะเล"


def task(queries, passages, name="rivers"):
    """Make a task of {language: texts}."""
    asked = [(lang, text) for lang, texts in queries.items() for text in texts]
    known = [(lang, text) for lang, texts in passages.items() for text in texts]
    return RetrievalTask(
        name=name,
        version="1",
        query_ids=[f"q{number}" for number in range(len(asked))],
        queries=[text for _, text in asked],
        query_langs=[lang for lang, _ in asked],
        passage_ids=[f"p{number}" for number in range(len(known))],
        passages=[text for _, text in known],
        passage_langs=[lang for lang, _ in known],
        relevant=np.array([[0, 0]], np.int64),
    )


class Texts:
    def __init__(self, *texts):
        self.texts = texts

    def __iter__(self):
        return (Passage(str(number), text) for number, text in enumerate(self.texts))

    def fingerprint(self):
        return ""


RIVERS = task(
    {"en": ["Where does the Rhine rise?"], "zh": ["莱茵河在哪里？"]}, {"en": [CANDIDATE], "th": [THAI]}
)


@pytest.fixture
def known(monkeypatch):
    def register(name, given):
        monkeypatch.setitem(LOADERS, name, Loader(BenchmarkParams, lambda params, languages: [given], ABOUT))

    register("rivers", RIVERS)
    return register


CASES = {
    1: Pair("Where is it?", "A passage that is nobody's but our own, and long."),
    2: Pair("where does THE rhine rise", "In Switzerland."),
    3: Pair("What is the Rhine?", "A river. the rhine rises in the Alps, and reaches the sea; so they say."),
    4: Pair("Where does the Rhine rise?!", "Nowhere."),
    5: Pair("Q?", "A.", versions={"zh": Version("莱茵河 在哪里", "答案")}),
    6: Pair("R?", "A.", versions={"th": Version("ถาม", f"ก่อน {THAI[:6]} {THAI[6:]} หลัง")}),
    7: Pair("Where does the Rhine rise today?", "It reaches the sea and rises in the Alps, the Rhine."),
    8: Pair("莱茵河在哪里？", "An English pair whose question is Chinese."),
}


def test_each_way_to_leak(known):
    assert leaks(CASES, load_guarded(["rivers"])) == dict.fromkeys((2, 3, 4, 5, 6), "rivers")


def test_the_streamed_twin_finds_the_same(known):
    judged = task({"en": RIVERS.queries[:1], "zh": RIVERS.queries[1:]}, {"en": [""], "th": [""]})
    corpora: dict[str, Corpus] = {
        "en": Texts(CANDIDATE, "Another passage, which no pair has at all."),
        "th": Texts(THAI),
    }
    known("rivers", StreamedTask(judged=judged, corpora=corpora))
    assert leaks(CASES, load_guarded(["rivers"])) == dict.fromkeys((2, 3, 4, 5, 6), "rivers")


def test_a_title_or_a_context_hides_no_candidate(known):
    bodies = [*RIVERS.passages]
    embedded = [f"Title {text} And a context." for text in bodies]
    known("rivers", replace(RIVERS, passages=embedded, bodies=bodies))
    assert leaks(CASES, load_guarded(["rivers"])) == dict.fromkeys((2, 3, 4, 5, 6), "rivers")
    with pytest.raises(DataError, match="2 bodies, found 1"):
        replace(RIVERS, bodies=bodies[:1])


@pytest.mark.parametrize("limit", [0, 10])
def test_a_passage_of_beir_leaks_without_its_title(tmp_path, limit):
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq\tp\t1\n")
    write_jsonl(tmp_path / "queries.jsonl", [{"_id": "q", "text": "Where?"}])
    write_jsonl(tmp_path / "corpus.jsonl", [{"_id": "p", "title": "The Rhine", "text": CANDIDATE}])
    entry = {"name": "beir/rivers", "data": str(tmp_path), "exact_limit": limit}
    assert leaks({1: Pair("Who?", CANDIDATE)}, load_guarded([entry])) == {1: "beir/rivers"}


def test_a_passage_of_miracl_leaks_without_its_title(tmp_path):
    base = "miracl-v1.0-sw"
    (tmp_path / f"topics.{base}-dev.tsv").write_text("1\tNani?\n")
    (tmp_path / f"qrels.{base}-dev.tsv").write_text("1\tQ0\tp\t1\n")
    row = {"docid": "p", "title": "Rhine", "text": CANDIDATE}
    write_jsonl(tmp_path / "miracl-corpus-v1.0-sw.jsonl", [row])
    entry = {"name": "miracl", "data": str(tmp_path), "languages": ["sw"]}
    pair = Pair("Who?", "Nobody.", versions={"sw": Version("Nani yule?", CANDIDATE)})
    assert leaks({1: pair}, load_guarded([entry])) == {1: "miracl"}


def test_a_sentence_of_lareqa_leaks_without_its_paragraph(tmp_path):
    written = {
        "context": f"{CANDIDATE} It is long.",
        "sentence_breaks": [[0, len(CANDIDATE)]],
        "qas": [{"id": "a", "question": "Where?", "answers": [{"text": "T", "answer_start": 0}]}],
    }
    (tmp_path / "en.json").write_text(json.dumps({"data": [{"paragraphs": [written]}]}))
    entry = {"name": "xtreme-r-lareqa", "data": str(tmp_path), "languages": ["en"]}
    assert leaks({1: Pair("Who?", f"Before. {CANDIDATE}")}, load_guarded([entry])) == {1: "xtreme-r-lareqa"}


def test_missing_files_are_found_before_any_source_is_read(tmp_path, monkeypatch):
    monkeypatch.delenv("HBIR_DATA", raising=False)
    source = {"kind": "jsonl", "name": "faq", "path": str(tmp_path / "not there either.jsonl")}
    with pytest.raises(DataError, match="benchmark mlqa-r"):
        collected(source, leak_guard=["mlqa-r"])


def test_without_benchmarks_nothing_leaks():
    assert leaks(CASES, []) == {}


def test_every_language_of_the_benchmark_is_loaded(monkeypatch):
    asked = []

    def load(params, languages):
        asked.append(languages)
        return [RIVERS]

    loader = Loader(BenchmarkParams, load, ABOUT)
    monkeypatch.setitem(LOADERS, "rivers", loader)
    load_guarded([{"name": "rivers"}])
    assert asked == [None]


def test_collect_drops_and_counts_by_benchmark(known, tmp_path):
    known("lakes", task({"en": ["How deep is it?"]}, {"en": ["short"]}, "lakes"))
    rows = [
        {"query": "who?", "passage": CANDIDATE},
        {"query": "How deep is it", "passage": "42 metres"},
        {"query": "how wide is it?", "passage": "84 metres"},
    ]
    source = {"kind": "jsonl", "name": "faq", "path": write_jsonl(tmp_path / "a.jsonl", rows)}
    result = collected(source, leak_guard=["rivers", {"name": "lakes"}])
    assert pairs_of(result) == {("how wide is it?", "84 metres")}
    assert result.summary.dropped == {"faq: in benchmark rivers": 1, "faq: in benchmark lakes": 1}


def test_an_unknown_benchmark(tmp_path):
    source = {"kind": "cldr"}
    with pytest.raises(ParamsError, match="Did you mean 'cldr'"):
        collected(source, leak_guard=["cldrr"])


def test_the_embedded_corpus_does_not_leak_into_its_own_benchmark():
    result = collected({"kind": "cldr"}, leak_guard=["cldr"])
    assert [reason for reason in result.summary.dropped if "benchmark" in reason] == []


@pytest.mark.skipif(not DATA, reason="HBIR_DATA is not set")
def test_paragraphs_of_xquad_are_dropped(tmp_path):
    article = json.loads(Path(DATA, "xquad-r/en.json").read_text(encoding="utf-8"))["data"][0]
    paragraph = article["paragraphs"][0]
    rows = [
        {"query": "What does the paragraph say?", "passage": paragraph["context"].replace(",", " ;")},
        {"query": paragraph["qas"][0]["question"].upper(), "passage": "Some answer."},
        {"query": "What is not in it?", "passage": "A sentence that nobody has written in an encyclopaedia."},
    ]
    source = {"kind": "jsonl", "name": "faq", "path": write_jsonl(tmp_path / "a.jsonl", rows)}
    entry = {"name": "xquad-r", "data": f"{DATA}/xquad-r"}
    result = collected(source, leak_guard=[entry])
    assert pairs_of(result) == {(rows[2]["query"], rows[2]["passage"])}
    assert result.summary.dropped == {"faq: in benchmark xquad-r": 2}


@pytest.mark.parametrize("memory", [1, 1 << 20])
def test_how_much_is_known_of_the_pairs_changes_no_result(known, memory, caplog):
    """With a bit for everything all of the corpus is held, and a warning says so."""
    judged = task({"en": RIVERS.queries[:1], "zh": RIVERS.queries[1:]}, {"en": [""], "th": [""]})
    others = [f"Passage {n} of this corpus, which no pair has at all." for n in range(60)]
    corpora: dict[str, Corpus] = {"en": Texts(CANDIDATE, *others), "th": Texts(THAI)}
    known("rivers", StreamedTask(judged=judged, corpora=corpora))
    guard = Guard(load_guarded(["rivers"]), CASES.values, memory)
    assert {number for number, pair in CASES.items() if guard.owner(pair)} == {2, 3, 4, 5, 6}
    held = sum(map(len, guard._phrases._by_start.values()))
    assert held == 2 or memory == 1
    assert held > 2 or memory > 1
    assert ("held for nothing" in caplog.text) == (memory == 1)
