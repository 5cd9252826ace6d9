"""BEIR's format: in one language, in several, small and large, and broken."""

import gzip
import json
import logging
from contextlib import nullcontext

import numpy as np
import pytest

from hbir.benchmarks.beir import BeirParams, load
from hbir.benchmarks.params import DATA_VARIABLE
from hbir.benchmarks.streamed import StreamedTask
from hbir.benchmarks.task import SETTINGS, RetrievalTask
from hbir.core.errors import DataError, HbirError, ParamsError
from hbir.core.params import validated
from hbir.evaluation.evaluate import evaluate
from hbir.retrieval.streamed import search_streamed

QUERIES = [
    {"_id": "q1", "text": "when", "lang": "en", "key": "1"},
    {"_id": "q2", "text": "wann", "lang": "de", "key": "1"},
    {"_id": "q3", "text": "unjudged", "lang": "de"},
]
CORPUS = [
    {"_id": "a", "title": "A", "text": "x", "lang": "en"},
    {"_id": "b", "title": "", "text": "y", "lang": "de"},
    {"_id": "q1", "text": "z", "lang": "en"},
    {"_id": "d", "title": "", "text": "", "lang": "de"},
]
QRELS = [("q1", "q1", 2), ("q1", "b", 1), ("q2", "b", 1), ("q2", "a", 1), ("q2", "d", 0)]


def write(folder, queries=QUERIES, corpus=CORPUS, qrels=QRELS, split="test", zipped=False):
    folder.mkdir(exist_ok=True)
    for name, rows in (("queries", queries), ("corpus", corpus)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        path = folder / f"{name}.jsonl{'.gz' if zipped else ''}"
        path.write_bytes(gzip.compress(text.encode()) if zipped else text.encode())
    (folder / "qrels").mkdir(exist_ok=True)
    lines = ["\t".join(map(str, row)) + "\n" for row in [("query-id", "corpus-id", "score"), *qrels]]
    (folder / "qrels" / f"{split}.tsv").write_text("".join(lines))
    return folder


def params(folder, **more):
    return BeirParams(name="beir/toy", data=str(folder), **more)


def loaded(folder, **more):
    (task,) = load(params(folder, **more), None)
    return task


@pytest.mark.parametrize("zipped", [True, False])
def test_loading(tmp_path, caplog, zipped):
    with caplog.at_level(logging.INFO):
        task = loaded(write(tmp_path, zipped=zipped))
    assert isinstance(task, RetrievalTask)
    assert task.query_ids == ["en:q1", "de:q2"]
    assert task.queries == ["when", "wann"]
    assert task.passage_ids == ["en:a", "de:b", "en:q1", "de:d"]
    assert task.passages == ["A x", "y", "z", ""]
    assert task.bodies == ["x", "y", "z", ""]
    assert task.passage_langs == ["en", "de", "en", "de"]
    assert task.positives(0, 2).tolist() == [[0, 1], [0, 2], [1, 0], [1, 1]]
    assert task.grades is not None
    assert task.grades.tolist() == [1, 2, 1, 1]
    assert task.judged_langs == [frozenset({"en", "de"})] * 2
    assert task.unjudged == 1
    assert task.clusters == ["1", "1"]
    assert task.measures == ("ndcg@10",)
    assert task.version.startswith("test-")
    assert "2 of 3 queries have qrels" in caplog.text
    assert "1 passages have neither title nor text, and stay" in caplog.text


def test_a_folder_with_languages_runs_in_all_three_settings(tmp_path):
    task = loaded(write(tmp_path))
    scores = np.array([[3, 1, 4, 2], [1, 4, 2, 3]], np.float32)
    result = evaluate(task, [scores])
    assert tuple(result.settings) == SETTINGS
    # en:q1 finds itself first, de:q2 finds b first; nothing is dropped for having its query's id.
    assert result.settings["monolingual"]["ndcg@10"] == 1
    # en:q1 has b second of de; de:q2 has a second of en.
    assert result.settings["cross_lingual"]["ndcg@10"] == pytest.approx(1 / np.log2(3))
    # Ranks of grades 2 and 1: 1 and 4; of 1 and 1: 1 and 4.
    graded = (2 + 1 / np.log2(5)) / (2 + 1 / np.log2(3))
    binary = (1 + 1 / np.log2(5)) / (1 + 1 / np.log2(3))
    assert result.settings["multilingual"]["ndcg@10"] == pytest.approx((graded + binary) / 2)


def test_streaming_a_large_one_gives_the_same_ranks(tmp_path):
    write(tmp_path)
    task = loaded(tmp_path, exact_limit=3, top_k=500)
    assert isinstance(task, StreamedTask)
    assert task.top_k == 500
    assert task.judged.settings == SETTINGS
    assert task.judged.passage_ids == ["en:q1", "de:b", "en:a"]
    assert [(p.id, p.text) for p in task.corpora["de"]] == [("b", "y"), ("d", "")]
    vectors = {"A x": [3, 1], "y": [1, 4], "z": [4, 2], "": [2, 3]}
    found = search_streamed(task, np.eye(2), lambda texts: np.array([vectors[t] for t in texts]), None, 3)
    # In this order: q1 with q1, q1 with b, q2 with b, q2 with a
    assert found.rank_in_language.tolist() == [1, 2, 1, 2]
    assert found.pooled_rank is not None
    assert found.pooled_rank.tolist() == [1, 4, 1, 4]
    assert loaded(tmp_path, exact_limit=3).corpora["de"].fingerprint() == task.corpora["de"].fingerprint()
    assert task.corpora["en"].fingerprint() != task.corpora["de"].fingerprint()


@pytest.mark.parametrize(("top_k", "fits"), [(99, False), (100, True)])
def test_top_k_reaches_the_cut_off_of_recall(top_k, fits):
    with nullcontext() if fits else pytest.raises(ParamsError, match="top_k"):
        validated(BeirParams, {"name": "beir/toy", "top_k": top_k}, "params.yaml")


def test_a_corpus_of_many_languages_is_hashed_once(tmp_path, monkeypatch):
    hashed = []

    def digest(path):
        hashed.append(path.name)
        return "0"

    monkeypatch.setattr("hbir.benchmarks.beir_files.file_digest", digest)
    corpora = loaded(write(tmp_path), exact_limit=3).corpora
    assert len({corpus.fingerprint() for corpus in corpora.values()}) == 2
    assert hashed.count("corpus.jsonl") == 1


def test_without_languages_there_is_one_setting(tmp_path):
    plain = [
        [{k: v for k, v in row.items() if k in ("_id", "text")} for row in rows] for rows in (QUERIES, CORPUS)
    ]
    task = loaded(write(tmp_path, *plain), language="pt")
    assert task.languages == ["pt"]
    assert task.settings == ("monolingual",)
    assert task.clusters is None


def test_other_languages_are_left_out(tmp_path):
    (task,) = load(params(write(tmp_path)), ["de", "fr"])
    assert isinstance(task, RetrievalTask)
    assert task.query_ids == ["de:q2"]
    assert task.passage_ids == ["de:b", "de:d"]
    assert task.positives(0, 1).tolist() == [[0, 0]]
    with pytest.raises(ParamsError, match="expected one of de, en, found only fr"):
        load(params(tmp_path), ["fr"])


def test_another_split(tmp_path):
    write(tmp_path, split="dev", qrels=[("q3", "b", 1)])
    assert loaded(tmp_path, split="dev").query_ids == ["de:q3"]
    with pytest.raises(DataError, match=r"expected qrels/test.tsv"):
        loaded(tmp_path)


@pytest.mark.parametrize("limit", [3, 200_000])
def test_the_version_is_of_all_three_files(tmp_path, limit):
    def version(folder, **files):
        folder.mkdir(exist_ok=True)
        task = loaded(write(folder, **files), exact_limit=limit)
        return getattr(task, "judged", task).version

    first = version(tmp_path / "a")
    assert version(tmp_path / "b") == first
    changed = [
        version(tmp_path / "b", corpus=[{**CORPUS[0], "text": "other"}, *CORPUS[1:]]),
        version(tmp_path / "b", queries=[{**QUERIES[0], "text": "other"}, *QUERIES[1:]]),
        version(tmp_path / "b", qrels=QRELS[:-1]),
    ]
    assert len({first, *changed}) == 4


def test_what_is_cut_and_where_is_part_of_the_version(tmp_path):
    write(tmp_path)
    exact, deeper = loaded(tmp_path), loaded(tmp_path, top_k=500)
    assert exact.version == deeper.version == loaded(tmp_path, exact_limit=4).version
    streamed = [loaded(tmp_path, exact_limit=3, top_k=k).judged.version for k in (100, 500)]
    assert streamed == [f"{exact.version}+top100", f"{exact.version}+top500"]


def test_queries_whose_qrels_are_all_of_grade_0_are_loaded(tmp_path):
    task = loaded(write(tmp_path, qrels=[("q1", "a", 0), ("q2", "b", 1)]))
    assert task.query_ids == ["en:q1", "de:q2"]
    assert task.judged_langs == [frozenset({"en"}), frozenset({"de"})]
    assert task.positives(0, 2).tolist() == [[1, 1]]


def test_codes_with_a_region_or_script_are_their_language(tmp_path):
    written = {"en": "EN_us", "de": "deu-Latn-DE"}
    corpus, queries = (
        [row | ({"lang": written[row["lang"]]} if "lang" in row else {}) for row in rows]
        for rows in (CORPUS, QUERIES)
    )
    plain = loaded(write(tmp_path / "plain"))
    task = loaded(write(tmp_path / "coded", corpus=corpus, queries=queries), languages=["en-GB", "de"])
    assert (task.query_ids, task.passage_ids) == (plain.query_ids, plain.passage_ids)


def test_what_nobody_sees_around_an_id_is_no_part_of_it(tmp_path):
    corpus = [{**row, "_id": f"\ufeff{row['_id']}\u200b"} for row in CORPUS]
    qrels = [(f" {query}", f"{passage}\u00a0", grade) for query, passage, grade in QRELS]
    task = loaded(write(tmp_path, corpus=corpus, qrels=qrels))
    assert task.passage_ids == ["en:a", "de:b", "en:q1", "de:d"]
    assert len(task.relevant) == 4


def test_a_default_language_with_a_colon():
    with pytest.raises(ParamsError, match="language"):
        validated(BeirParams, {"name": "beir/toy", "language": "zh:Hans"}, "params.yaml")


@pytest.mark.parametrize("name", ["corpus", "queries"])
def test_a_missing_file(tmp_path, name):
    (write(tmp_path) / f"{name}.jsonl").unlink()
    with pytest.raises(
        DataError, match=f"{name}.jsonl: expected a file, found none. Fetch corpus.jsonl, queries.jsonl"
    ):
        loaded(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"corpus": [*CORPUS, CORPUS[0]]},
            "corpus.jsonl, line 5: expected ids of their own, found 'a' once more",
        ),
        (
            {"corpus": [*CORPUS, CORPUS[3]]},
            "corpus.jsonl, line 5: expected ids of their own, found 'd' once more",
        ),
        ({"corpus": [{"_id": "a", "title": "T"}]}, "corpus.jsonl, line 1: expected a `text`"),
        ({"corpus": [{"id": "a", "text": "T"}]}, "corpus.jsonl, line 1: expected an id as `_id`, found none"),
        (
            {"corpus": [{"_id": "a", "text": "T", "lang": 3}]},
            "line 1: expected a language code as `lang`, found 3",
        ),
        (
            {"corpus": [CORPUS[0], {"_id": "b", "text": "T", "lang": "zh:Hans"}]},
            "corpus.jsonl, line 2: lang: expected a language code such as .*, found 'zh:Hans'",
        ),
        (
            {"queries": [{"_id": "q1", "text": "T", "lang": ":"}]},
            "queries.jsonl, line 1: lang: expected a language code such as",
        ),
        ({"queries": [QUERIES[0], QUERIES[0]]}, "queries.jsonl, line 2: .* 'q1' once more"),
        ({"queries": [{"_id": "q", "text": " "}]}, "queries.jsonl, line 1: expected a text that is not empty"),
        ({"qrels": [("q1", "a")]}, "test.tsv, line 2: expected query, passage and grade"),
    ],
)
def test_broken_files(tmp_path, change, message):
    with pytest.raises(HbirError, match=message):
        loaded(write(tmp_path, **change))


def test_broken_encoding(tmp_path):
    (write(tmp_path) / "corpus.jsonl").write_bytes(b'{"_id": "a", "text": "x"}\n{"_id": "b", "text": "\xff"}\n')
    with pytest.raises(DataError, match="corpus.jsonl, line 2: expected UTF-8"):
        loaded(tmp_path)


def test_qrels_of_unknown_ids(tmp_path, caplog):
    write(tmp_path, qrels=[*QRELS, ("q1", "gone", 1), ("q9", "a", 1)])
    with pytest.raises(DataError, match="found 1 of 3 queries in the qrels unknown, the first q9"):
        loaded(tmp_path)
    with pytest.raises(DataError, match="found 1 of 4 relevant passages in the qrels unknown, the first gone"):
        loaded(write(tmp_path, qrels=[*QRELS, ("q1", "gone", 1)]))
    task = loaded(write(tmp_path, qrels=[*QRELS, ("q1", "gone", 1)]), unknown_share=0.25)
    assert "1 of 4 relevant passages" in caplog.text
    # It can be ranked nowhere, but counts as not retrieved.
    assert isinstance(task, StreamedTask)
    found = search_streamed(task, np.eye(2), lambda texts: np.ones((len(texts), 2)), None, 3)
    assert np.count_nonzero(found.rank_in_language == 0) == 1


@pytest.mark.parametrize("parquet", [True, False])
def test_the_hub_has_json_lines_or_parquet(tmp_path, monkeypatch, parquet):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    write(tmp_path, zipped=True)
    asked = []

    def fetch(dataset, file):
        asked.append((dataset.repo, file, dataset.revision))
        return tmp_path / ("qrels/test.tsv" if file == "test.tsv" else file)

    def rows(dataset, config, split):
        asked.append((dataset.repo, config, split))
        return iter(QUERIES if config == "queries" else CORPUS)

    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.fetch", fetch)
    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.rows", rows)
    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.commit", lambda _: "5" * 40)
    names = ["corpus/corpus.parquet"] if parquet else ["corpus.jsonl.gz", "queries.jsonl.gz"]
    monkeypatch.setattr("hbir.core.hub.datasets.HubDataset.files", lambda _: names)
    (task,) = load(BeirParams(name="beir/toy", revision="r", qrels_revision="s"), None)
    assert isinstance(task, RetrievalTask)
    assert task.passages == ["A x", "y", "z", ""]
    assert ("BeIR/toy-qrels", "test.tsv", "s") in asked
    assert (("BeIR/toy", "corpus", "corpus") if parquet else ("BeIR/toy", "corpus.jsonl.gz", "r")) in asked
