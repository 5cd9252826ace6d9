"""MIRACL: the official files' counts, and everything on a small corpus."""

import gzip
import json
import os
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from hbir.benchmarks.miracl import LOW_RESOURCE, PASSAGES, MiraclParams, load
from hbir.benchmarks.params import DATA_VARIABLE
from hbir.benchmarks.qrels import read_topics, read_trec
from hbir.core.errors import DataError, ParamsError
from hbir.core.params import validated
from hbir.retrieval.streamed import search_streamed

OFFICIAL = Path(os.environ.get(DATA_VARIABLE, "nowhere"), "miracl")
real = pytest.mark.skipif(not OFFICIAL.is_dir(), reason=f"no {DATA_VARIABLE}/miracl")
COUNTS = {"bn": (411, 4206, 863), "sw": (482, 5092, 910), "te": (828, 1606, 854), "th": (733, 7573, 1343)}
"""Questions, judgements and relevant pairs."""


def write(folder, language, topics, qrels, corpus, official):
    base = f"miracl-v1.0-{language}"
    for kind, text in (("topics", topics), ("qrels", qrels)):
        path = folder / (f"{base}/{kind}" if official else "") / f"{kind}.{base}-dev.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    write_corpus(folder, language, corpus)


def write_corpus(folder, language, files):
    within = folder / f"miracl-corpus-v1.0-{language}"
    within.mkdir(exist_ok=True)
    for number, rows in files.items():
        with gzip.open(within / f"docs-{number}.jsonl.gz", "wt", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def passage(docid, text="x", title="T"):
    return {"docid": docid, "title": title, "text": text}


def write_both(folder, official):
    topics, qrels = '1\t"Wann\n2\tWo\n3\tWer\n', "1\tQ0\t5#0\t1\n1\tQ0\t5#1\t0\n2\tQ0\t7#0\t1\n3\tQ0\t5#1\t0\n"
    corpus: dict[int, list[dict[str, str]]] = {number: [] for number in range(10, -1, -1)}
    corpus |= {10: [passage("7#0", "c")], 2: [passage("5#1", "b", "")], 0: [passage("5#0", "a")]}
    write(folder, "de", topics, qrels, corpus, official)
    write(folder, "sw", "1\tJe\n", "1\tQ0\t5#0\t1\n", {0: [passage("5#0"), passage("5#1")]}, official)
    return folder


@pytest.fixture(params=[True, False], ids=["as on the Hub", "flat"])
def folder(tmp_path, request):
    return write_both(tmp_path, request.param)


def params(folder, **more):
    return MiraclParams(name="miracl", data=str(folder), languages=["de", "sw"], **more)


def test_loading(folder):
    (task,) = load(params(folder), None)
    judged = task.judged
    assert judged.query_ids == ["de:1", "de:2", "de:3", "sw:1"]
    assert judged.queries == ['"Wann', "Wo", "Wer", "Je"]
    assert judged.passage_ids == ["de:5#0", "de:7#0", "sw:5#0"]
    assert judged.passage_langs == ["de", "de", "sw"]
    assert judged.positives(0, 4).tolist() == [[0, 0], [1, 1], [3, 2]]
    assert judged.query_groups == ["high-resource"] * 3 + ["low-resource"]
    assert judged.measures == ("ndcg@10", "recall@100")
    assert judged.settings == ("monolingual",)
    assert task.top_k == 100
    assert list(task.corpora["de"]) == [("5#0", "T a", "a"), ("5#1", "b", ""), ("7#0", "T c", "c")]
    # Of query 3 one passage was judged, and not relevant.
    assert judged.judged_langs == [frozenset({"de"})] * 3 + [frozenset({"sw"})]


def test_pooled_adds_the_multilingual_setting(folder):
    (task,) = load(params(folder, pooled=True, top_k=700, unknown_share=0.25), ["de"])
    assert task.judged.settings == ("monolingual", "multilingual")
    assert (task.top_k, task.unknown_share) == (700, 0.25)


@pytest.mark.parametrize(("top_k", "fits"), [(99, False), (100, True)])
def test_top_k_reaches_the_cut_off_of_recall(top_k, fits):
    with nullcontext() if fits else pytest.raises(ParamsError, match="top_k"):
        validated(MiraclParams, {"name": "miracl", "top_k": top_k}, "params.yaml")


def test_the_corpus_fingerprint_follows_the_files(folder):
    def prints():
        return {lang: corpus.fingerprint() for lang, corpus in load(params(folder), None)[0].corpora.items()}

    before = prints()
    assert prints() == before
    write_corpus(folder, "sw", {1: [passage("9#9")]})
    after = prints()
    assert before["de"] == after["de"]
    assert before["sw"] != after["sw"]


def test_a_corpus_in_one_file(folder):
    within = folder / "miracl-corpus-v1.0-sw"
    (within / "docs-0.jsonl.gz").rename(folder / "miracl-corpus-v1.0-sw.jsonl.gz")
    within.rmdir()
    (task,) = load(params(folder), None)
    assert len(list(task.corpora["sw"])) == 2


@pytest.mark.parametrize("kind", ["topics", "qrels"])
def test_a_missing_language_file(folder, kind):
    (path,) = folder.rglob(f"{kind}.*-sw-dev.tsv")
    path.unlink()
    with pytest.raises(DataError, match=f"expected {path.name}"):
        load(params(folder), None)


def test_a_missing_corpus_says_where_it_is(folder):
    for path in (folder / "miracl-corpus-v1.0-sw").iterdir():
        path.unlink()
    with pytest.raises(
        DataError, match=r"miracl-corpus-v1.0-sw/docs-0.jsonl.gz: .* from huggingface.co/datasets/miracl"
    ):
        load(params(folder), None)


def test_a_gap_in_the_numbers_of_a_corpus(folder):
    (folder / "miracl-corpus-v1.0-de/docs-1.jsonl.gz").unlink()
    with pytest.raises(DataError, match="corpus de: expected each of docs-0 to docs-10 once, found .* 0, 2,"):
        load(params(folder), None)


def test_a_part_of_a_corpus_twice(folder):
    (folder / "miracl-corpus-v1.0-sw/docs-0.jsonl").touch()
    with pytest.raises(DataError, match="corpus sw: expected each of docs-0 to docs-0 once, found .* 0, 0"):
        load(params(folder), None)


def test_the_version_is_of_the_judgements_and_of_the_corpora(folder):
    def version():
        return load(params(folder), None)[0].judged.version

    seen = [version(), version()]
    assert seen[0] == seen[1]
    write_corpus(folder, "sw", {1: [passage("9#9")]})
    seen.append(version())
    write_corpus(folder, "sw", {1: [passage("9#9", "a longer text than before")]})
    seen.append(version())
    (topics,) = folder.rglob("topics.*-sw-dev.tsv")
    topics.write_text("1\tJe?\n")
    seen.append(version())
    assert len(set(seen)) == 4


def test_an_unknown_language(folder):
    with pytest.raises(ParamsError, match="Did you mean 'de'"):
        load(MiraclParams(name="miracl", data=str(folder), languages=["dee"]), None)


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"docid": "9", "title": "T"}, "expected a `text`, .* found none"),
        (
            {"docid": "9", "title": "", "text": " "},
            "expected a text that is not empty, found an empty one with the id '9'",
        ),
        ({"title": "T", "text": "x"}, "expected an id as `_id`, found none"),
        ({"docid": "", "text": "x"}, "expected an id as `docid`, found ''"),
        ({"docid": "9", "title": ["T"], "text": "x"}, "found \\['T'\\]"),
    ],
)
def test_a_broken_corpus_line(folder, row, text):
    write_corpus(folder, "sw", {1: [passage("1"), row]})
    (task,) = load(params(folder), None)
    with pytest.raises(DataError, match=f"docs-1.jsonl.gz, line 2: .*{text}"):
        list(task.corpora["sw"])


def test_qrels_of_an_unknown_query(folder):
    (path,) = folder.rglob("qrels.*-sw-dev.tsv")
    path.write_text("1\tQ0\t5#0\t1\n2\tQ0\t5#0\t1\n")
    with pytest.raises(DataError, match="found 1 of 5 queries in the qrels unknown, the first sw:2"):
        load(params(folder), None)


def test_without_a_folder_or_network_the_files_are_named(monkeypatch):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    hints = []

    def fetch(dataset, file):
        hints.append(dataset.hint)
        raise DataError(where=dataset.where, expected=file, found="no network", hint=dataset.hint)

    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.fetch", fetch)
    with pytest.raises(DataError, match="miracl-v1.0-sw/topics/topics.miracl-v1.0-sw-dev.tsv"):
        load(MiraclParams(name="miracl"), ["sw"])
    assert "docs-*.jsonl.gz" in hints[0]


def test_the_hub_is_read_at_its_revisions(tmp_path, monkeypatch):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    folder = write_both(tmp_path, official=True)
    fetched = []

    def fetch(dataset, file):
        fetched.append((dataset.repo, file, dataset.revision))
        return folder / file

    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.gz")]
    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.fetch", fetch)
    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.files", lambda _: sorted(names))
    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.commit", lambda _: "5" * 40)
    (task,) = load(MiraclParams(name="miracl", revision="r", corpus_revision="c"), ["de"])
    assert {(repo, revision) for repo, _, revision in fetched} == {("miracl/miracl", "r")}
    fingerprint = task.corpora["de"].fingerprint()
    assert len(fetched) == 2
    assert [p.id for p in task.corpora["de"]] == ["5#0", "5#1", "7#0"]
    assert {row[0] for row in fetched[2:]} == {"miracl/miracl-corpus"}
    assert len(fingerprint) == 64


def test_the_groups_go_by_the_size_of_the_corpus():
    assert sorted(LOW_RESOURCE) == ["bn", "hi", "sw", "te", "th", "yo"]
    assert len(PASSAGES) == 18
    assert 106e6 < sum(PASSAGES.values()) < 107e6


@real
@pytest.mark.parametrize("language", COUNTS)
def test_official_counts(language):
    base = f"miracl-v1.0-{language}-dev.tsv"
    topics, judgements = read_topics(OFFICIAL / f"topics.{base}"), read_trec(OFFICIAL / f"qrels.{base}")
    relevant = [row for row in judgements if row.grade > 0]
    assert (len(topics), len(judgements), len(relevant)) == COUNTS[language]
    assert {row.query for row in relevant} == set(topics)


@real
def test_the_official_judgements_on_a_corpus_of_their_passages(tmp_path):
    """Every question finds its passages when both have the embedding of the first relevant one."""
    for language in COUNTS:
        for kind in ("topics", "qrels"):
            name = f"{kind}.miracl-v1.0-{language}-dev.tsv"
            (tmp_path / name).symlink_to(OFFICIAL / name)
        judged = read_trec(OFFICIAL / f"qrels.miracl-v1.0-{language}-dev.tsv")
        write_corpus(
            tmp_path, language, {0: [passage(docid) for docid in dict.fromkeys(j.passage for j in judged)]}
        )
    (task,) = load(MiraclParams(name="miracl", data=str(tmp_path), pooled=True), sorted(COUNTS))
    rng = np.random.default_rng(0)
    queries = rng.standard_normal((len(task.judged.queries), 4)).astype(np.float32)
    found = search_streamed(task, queries, lambda texts: rng.standard_normal((len(texts), 4)), None, 2000)
    assert len(found.rank_in_language) == sum(relevant for *_, relevant in COUNTS.values())
    assert found.pooled_rank is not None
    hit = found.rank_in_language > 0
    assert 0 < hit.mean() < 0.2
    assert (found.pooled_rank[found.pooled_rank > 0] >= found.rank_in_language[found.pooled_rank > 0]).all()
