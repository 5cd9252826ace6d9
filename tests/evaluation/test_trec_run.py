"""Run files in TREC's format, scored in every setting without a model."""

import json
from pathlib import Path

import numpy as np
import pytest
import pytrec_eval

from hbir.benchmarks.registry import load
from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import DataError, HbirError, ParamsError
from hbir.evaluation.evaluate import evaluate_run
from hbir.evaluation.trec_run import read_run, score_run


def write_run(path: Path, scores: dict[str, dict[str, float]]) -> Path:
    lines = [f"{q} Q0 {p} 0 {s} tag\n" for q, found in scores.items() for p, s in found.items()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def mine(folder: Path, langs: tuple[str, ...] = ("de", "en"), **more) -> dict[str, object]:
    """Write a benchmark of ten queries and passages per language; same numbers are relevant."""
    rows = [{"_id": f"{lang}{n}", "text": f"{lang} {n}", "lang": lang} for lang in langs for n in range(10)]
    for name in ("corpus", "queries"):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "qrels").mkdir()
    qrels = [f"{one}{n}\t{other}{n}\t{1 + n % 2}" for one in langs for other in langs for n in range(10)]
    (folder / "qrels/test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *qrels]) + "\n")
    return {"name": "beir/mine", "data": str(folder), **more}


def random_run(langs: tuple[str, ...], missing: int = 0) -> dict[str, dict[str, float]]:
    rng = np.random.default_rng(0)
    ids = [f"{lang}{n}" for lang in langs for n in range(10)][: 10 * len(langs) - missing]
    return {query: {passage: round(float(rng.random()), 4) for passage in ids} for query in ids}


def test_the_ids_are_those_of_the_files_or_the_task(tmp_path: Path):
    entry, run = mine(tmp_path), random_run(("de", "en"), missing=3)
    found = score_run(entry, None, write_run(tmp_path / "run.txt", run))
    (task,) = load(entry, None)
    assert isinstance(task, RetrievalTask)
    full = {f"{q[:2]}:{q}": {f"{p[:2]}:{p}": s for p, s in scores.items()} for q, scores in run.items()}
    assert found == evaluate_run(task, full) == score_run(entry, None, write_run(tmp_path / "full.txt", full))
    assert set(found.settings) == {"monolingual", "cross_lingual", "multilingual"}
    assert found.counts.not_retrieved


@pytest.mark.parametrize("streamed", [False, True])
def test_a_benchmark_of_one_language_gives_what_trec_eval_gives(tmp_path: Path, streamed: bool):
    entry = mine(tmp_path, ("de",), exact_limit=0 if streamed else 100)
    run = random_run(("de",), missing=2)
    found = score_run(entry, None, write_run(tmp_path / "run.txt", run))
    qrels = {f"de{n}": {f"de{n}": 1 + n % 2} for n in range(10)}
    by_query = pytrec_eval.RelevanceEvaluator(qrels, {"map", "ndcg_cut.10", "recall.100"}).evaluate(run)
    for ours, theirs in (("map", "map"), ("ndcg@10", "ndcg_cut_10"), ("recall@100", "recall_100")):
        # Over all ten queries, as trec_eval -c does.
        assert found.settings["monolingual"][ours] == pytest.approx(
            sum(values[theirs] for values in by_query.values()) / 10
        )


def test_tasks_with_pools_of_their_own_share_a_run(tmp_path: Path):
    for lang, n in (("deu", 3), ("fra", 2)):
        for side in (lang, "eng"):
            (tmp_path / f"tatoeba.{lang}-eng.{side}").write_text("".join(f"{side} {i}\n" for i in range(n)))
    run = {"de:1": {"en:de-1": 1.0, "en:de-2": 0.5}, "fr:2": {"en:fr-1": 1.0}}
    entry = {"name": "tatoeba", "data": str(tmp_path)}
    found = score_run(entry, None, write_run(tmp_path / "run.txt", run))
    assert found.settings["cross_lingual"]["recall@1"] == pytest.approx((1 / 3 + 0) / 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q Q0 p 1 0.5\n", "line 1: expected 6 columns: query, Q0, passage, rank, score and tag, found 5"),
        ("q Q0 p 1 high tag\n", "line 1: expected a number as the score, found 'high'"),
        ("q Q0 p 1 nan tag\n", "line 1: expected a number as the score, found 'nan'"),
        (
            "q Q0 p 1 2 t\nq Q0 p 2 1 t\n",
            "line 2: expected every passage once per query, found 'p' twice for 'q'",
        ),
        ("\n", "expected lines of query, Q0"),
    ],
)
def test_broken_runs(tmp_path: Path, text: str, message: str):
    (tmp_path / "run.txt").write_text(text)
    with pytest.raises(DataError, match=message):
        read_run(tmp_path / "run.txt")


def test_what_is_not_of_the_benchmark(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    entry = mine(tmp_path)
    path = write_run(tmp_path / "run.txt", {"x1": {"de1": 1.0}, "x2": {"de1": 1.0}})
    with pytest.raises(DataError, match="benchmark beir/mine, such as de:de0, .* found 2 others, .* x1"):
        score_run(entry, None, path)
    score_run(entry, None, write_run(path, {"x1": {"de1": 1.0}, "de1": {"de1": 1.0}}))
    assert "1 queries are not the benchmark's" in caplog.text
    with pytest.raises(DataError, match="unknown ids, the first p7"):
        score_run(entry, None, write_run(path, {"de1": {"p7": 1.0}}))
    with pytest.raises(DataError, match="whose corpus is streamed and has several"):
        score_run(entry | {"exact_limit": 0}, None, path)
    with pytest.raises(ParamsError, match="a task that the package mteb scores"):
        score_run("mteb/STS22.v2", None, path)


def test_languages_that_share_ids_want_the_language_in_front(tmp_path: Path):
    for lang in ("de", "en"):
        paragraph = {"context": "Ja.", "sentence_breaks": [[0, 3]]}
        asked = {"id": "a", "question": "?", "answers": [{"answer_start": 0}]}
        document = {"data": [{"paragraphs": [paragraph | {"qas": [asked]}]}]}
        (tmp_path / f"{lang}.json").write_text(json.dumps(document))
    entry = {"name": "xquad-r", "data": str(tmp_path), "languages": ["de", "en"]}
    with pytest.raises(HbirError, match="write `de:` before them"):
        score_run(entry, None, write_run(tmp_path / "run.txt", {"a": {"1-1": 1.0}}))
    run = {"de:a": {"de:1-1": 1.0, "en:1-1": 0.9}, "en:a": {"de:1-1": 1.0, "en:1-1": 0.9}}
    found = score_run(entry, None, write_run(tmp_path / "run.txt", run))
    assert found.settings["multilingual"] == pytest.approx(found.settings["multilingual"] | {"map": 1.0})
