"""A user's own pairs are trained on, and an own benchmark is scored, by editing params.yaml."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.opened_files import undeclared
from tests.pipeline.project import Clone, make_clone

pytestmark = pytest.mark.slow

WORDS = {"de": "Frage Antwort Nummer", "en": "question answer number", "es": "pregunta respuesta número"}
BEIR = {"name": "beir/mine", "data": "data/benchmarks/mine"}
PARALLEL = {"name": "parallel/docs", "data": "data/sources/docs.jsonl", "held_out": 0.2}

LEXICON = {"name": "glossary", "path": "data/engines/en-es.txt"}


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def documents(number: int) -> dict[str, Any]:
    texts = {
        lang: {"title": f"{words.split()[0]} {number}", "body": f"{words} {number} {number * number}"}
        for lang, words in WORDS.items()
    }
    return {"id": f"file{number}.md#1", "text": texts}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = make_clone(tmp_path_factory.mktemp("own"))
    write_jsonl(clone.root / "data/sources/docs.jsonl", [documents(number) for number in range(100)])
    with (clone.root / "data/sources/faq.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["q", "a"], *([f"Why {n}?", f"Because of {n}."] for n in range(40))])
    mine = clone.root / "data/benchmarks/mine"
    sides = [(lang, number) for lang in WORDS for number in range(3)]
    texts = {side: documents(200 + side[1])["text"][side[0]] for side in sides}
    write_jsonl(
        mine / "queries.jsonl",
        [{"_id": f"q{lang}{n}", "text": texts[lang, n]["title"], "lang": lang} for lang, n in sides],
    )
    write_jsonl(
        mine / "corpus.jsonl",
        [{"_id": f"p{lang}{n}", "text": texts[lang, n]["body"], "lang": lang} for lang, n in sides],
    )
    judged = [f"q{one}{n}\tp{other}{n}\t1" for one in WORDS for other in WORDS for n in range(3)]
    (mine / "qrels").mkdir()
    (mine / "qrels/test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n")
    sources = [
        {"kind": "parallel", "name": "docs", "path": "data/sources/docs.jsonl", "held_out": 0.2},
        {
            "kind": "csv",
            "name": "faq",
            "path": "data/sources/faq.csv",
            "query": "q",
            "passage": "a",
        },
    ]
    (clone.root / "data/engines/en-es.txt").write_text("why por\nbecause porque\n")
    clone.configure(
        sampler="xx",
        samplers=["xx"],
        collect={"sources": sources, "leak_guard": [PARALLEL], "near_duplicates": None},
        translate={"engine": "parallel", "languages": {"es": LEXICON}},
        evaluate={"benchmarks": [PARALLEL, BEIR]},
    )
    log = tmp_path_factory.mktemp("opened")
    clone.extra = {"PYTHONPATH": str(Path(__file__).with_name("opened")), "OPENED_LOG": str(log)}
    clone.dvc("repro", "evaluate")  # the one sampler; tests/test_structure.py: the others declare the same
    clone.commit("results")
    return clone


def test_own_pairs_are_trained_on_and_own_benchmarks_are_scored(clone: Clone):
    metrics = json.loads((clone.root / "metrics/xx.json").read_text())
    settings = {"monolingual", "cross_lingual", "multilingual"}
    assert set(metrics["parallel/docs"]["map"]) == settings
    assert set(metrics["beir/mine"]["ndcg@10"]) == settings
    assert (clone.root / "scores/xx/beir/mine/summary.json").is_file()
    assert "beir/mine" in (clone.root / "reports/comparison.html").read_text(encoding="utf-8")
    assert "nDCG@10" in clone.run("python", "-m", "hbir", "compare").stdout
    assert "[" in clone.run("python", "-m", "hbir", "compare", "--intervals").stdout


def test_a_benchmark_more_or_less_collects_nothing(clone: Clone):
    clone.configure(evaluate={"benchmarks": [PARALLEL, BEIR, "cldr"]})
    assert clone.stages_run("repro", "score@xx") == ["inputs", "score@xx"]


def test_a_stray_folder_runs_nothing_but_a_look_at_it(clone: Clone):
    for folder in ("sources", "benchmarks", "encoders", "engines"):
        (clone.root / f"data/{folder}/stray").mkdir()
        (clone.root / f"data/{folder}/stray/file.txt").write_text("nobody names it")
    assert clone.stages_run("repro", "score@xx") == ["inputs"]
    assert clone.stages_run("repro", "score@xx") == []


def test_a_changed_file_runs_what_reads_it(clone: Clone):
    queries = clone.root / "data/benchmarks/mine/queries.jsonl"
    queries.write_text(queries.read_text(encoding="utf-8").replace("Frage", "Anfrage"), encoding="utf-8")
    assert clone.stages_run("repro", "score@xx") == ["inputs", "score@xx"]
    lexicon = clone.root / "data/engines/en-es.txt"
    lexicon.write_text("why porqué\nbecause porque\n")
    assert "translate@es" in clone.stages_run("repro", "translate")
    pairs = clone.root / "data/sources/faq.csv"
    pairs.write_text(pairs.read_text(encoding="utf-8") + "Who?,We.\n", encoding="utf-8")
    assert clone.stages_run("repro", "collect") == ["inputs", "collect"]


def test_an_encoder_of_ones_own_is_watched(clone: Clone):
    shutil.copytree(clone.root / "models/initial", clone.root / "data/encoders/mine")
    clone.configure(encoder={"name": "data/encoders/mine"})
    assert clone.stages_run("repro", "--single-item", "inputs", "encoder") == ["inputs", "encoder"]
    (clone.root / "data/encoders/mine/README.md").write_text("another")
    assert clone.stages_run("repro", "--single-item", "inputs", "encoder") == ["inputs", "encoder"]


def test_a_model_of_the_project_is_benchmarked_and_searched_by_hand(clone: Clone):
    scored = clone.run(
        *("python", "-m", "hbir", "benchmark", "beir/mine", "--model", "models/xx"),
        *("--data", "data/benchmarks/mine", "--lang", "de,en", "--out", "scores.json"),
    )
    assert "nDCG@10" in scored.stdout
    assert json.loads((clone.root / "scores.json").read_text())["task"]["languages"] == ["de", "en"]
    found = clone.run(
        *("python", "-m", "hbir", "search", "models/xx", "Frage 201", "--lang", "de", "--json"),
        *("--corpus", "data/benchmarks/mine/corpus.jsonl", "--top-k", "2"),
    )
    hits = json.loads(found.stdout)
    assert [hit["rank"] for hit in hits] == [1, 2]
    assert all(hit["language"] == "de" for hit in hits)


def test_no_stage_opened_a_file_that_dvc_yaml_does_not_declare(clone: Clone):
    """The last test: it looks at all that ran so far in this file."""
    log = Path(clone.extra["OPENED_LOG"])
    ran = {file.name for file in log.iterdir()}
    assert {"collect", "encoder", "train_xx", "score@xx", "evaluate"} <= {name.split(":")[-1] for name in ran}
    seen = {path for file in log.iterdir() for path in file.read_text(encoding="utf-8").splitlines()}
    assert {"data/sources/faq.csv", "data/english.parquet", "models/initial/model.safetensors"} <= seen
    assert undeclared(clone.root, log) == {}
