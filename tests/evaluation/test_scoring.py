"""What is scored are the embeddings that a user of the saved model gets."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from hbir.core.errors import DataError
from hbir.core.files import write_json
from hbir.encoding.model import load_encoder
from hbir.evaluation import scoring
from hbir.evaluation.evaluate import evaluate
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.ranking import similarity_chunks
from hbir.evaluation.results import read_results
from hbir.evaluation.save import save
from hbir.evaluation.streamed import find_cache
from tests.encoding.test_encoder import saved
from tests.evaluation.conftest import exact
from tests.reporting.builder import training

UNCUT = {
    "map_other",
    "rank_distance_share",
    "max@r_share",
}
"""Measures of language bias that a search with a cut-off does not give."""
PARAMS = EvaluateParams(benchmarks=["cldr"], query_chunk=100, batch_size=64, embeddings=None)


def write_lines(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(tmp_path_factory.mktemp("scoring") / "model")


def test_the_scores_are_those_of_encode_query_and_encode_document(folder: Path):
    task = exact("cldr", ["de", "en"])
    scored = scoring.score_task(load_encoder(folder), task, PARAMS)
    model = SentenceTransformer(str(folder), device="cpu")
    queries = np.asarray(model.encode_query(task.queries, batch_size=64))
    passages = np.asarray(model.encode_document(task.passages, batch_size=64))
    by_hand = evaluate(task, similarity_chunks(queries, passages, 100))
    assert scored.settings == by_hand.settings
    swapped = evaluate(task, similarity_chunks(np.asarray(model.encode(task.queries)), passages, 100))
    assert scored.settings != swapped.settings


def test_results_come_back_with_typed_cells(folder: Path, tmp_path: Path):
    task = exact("cldr", ["de", "en"])
    evaluation = scoring.score_task(load_encoder(folder), task, PARAMS)
    save(evaluation, tmp_path / "xx" / "cldr")
    write_json(tmp_path / "xx" / "final.json", {"cldr": evaluation.settings})
    write_json(tmp_path / "xx" / "training.json", training("xx", ["de", "en"]))
    (result,) = read_results(tmp_path, ["xx"])
    assert result.summaries["cldr"].settings == evaluation.settings
    cells = result.cells("cldr")
    assert {cell["setting"] for cell in cells} == {"monolingual", "cross_lingual", "multilingual"}
    mean = np.mean([cell["map"] for cell in cells if cell["setting"] == "cross_lingual"])
    assert mean == pytest.approx(evaluation.settings["cross_lingual"]["map"], abs=1e-5)
    assert all(cell["rank_distance"] is None for cell in cells if cell["setting"] != "multilingual")


def test_a_missing_sampler_says_how_to_make_it(tmp_path: Path):
    with pytest.raises(DataError, match=r"xy/training.json: expected a file, found none. Run `dvc repro`"):
        read_results(tmp_path, ["xy"])


def test_a_streamed_benchmark_gives_what_the_same_one_held_in_memory_gives(folder: Path, tmp_path: Path):
    sides = [(lang, number) for lang in ("de", "en") for number in range(30)]
    rows = [{"_id": f"{lang}{n}", "text": f"{lang} text {n} {n % 7}", "lang": lang} for lang, n in sides]
    write_lines(tmp_path / "mine/corpus.jsonl", rows)
    write_lines(tmp_path / "mine/queries.jsonl", [row | {"text": row["text"] + "?"} for row in rows])
    judged = [
        f"{one}{n}\t{other}{n}\t{1 + n % 2}"
        for one in ("de", "en")
        for other in ("de", "en")
        for n in range(30)
    ]
    (tmp_path / "mine/qrels").mkdir()
    (tmp_path / "mine/qrels/test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *judged]) + "\n")
    entry = {"name": "beir/mine", "data": str(tmp_path / "mine")}
    model = load_encoder(folder)
    held = scoring.Benchmark(entry, None, PARAMS).score(model)
    kept = EvaluateParams(benchmarks=["cldr"], query_chunk=100, batch_size=8, embeddings=str(tmp_path / "kept"))
    streamed = scoring.Benchmark(entry | {"exact_limit": 10}, None, kept)
    first, again = streamed.score(model), streamed.score(model)
    assert first == again
    assert first.task == replace(held.task, version=f"{held.task.version}+top100")
    assert first.task.passages == 60
    for setting, scores in held.settings.items():
        # Cut at 100 it is not called mAP, though here all 60 are among them.
        named = {"map@100" if name == "map" else name: v for name, v in scores.items() if name not in UNCUT}
        # Rounded to float16, near neighbours may change places.
        assert first.settings[setting] == pytest.approx(named, rel=0.05, abs=0.05)
        assert "map@100" in first.cells.column_names
        assert "map" not in {*first.cells.column_names, *first.queries.column_names}
    assert first.preferences is not None
    assert held.preferences is not None
    for column in ("share@10", "chance_share@10"):
        shares = held.preferences[column].to_numpy()
        np.testing.assert_allclose(first.preferences[column].to_numpy(), shares, atol=0.03)
    assert list((tmp_path / "kept").rglob("embeddings.f16"))


def test_embeddings_are_kept_in_the_main_repository(folder: Path, tmp_path: Path, monkeypatch, caplog):
    """A temporary folder of an experiment disappears, and everything in it."""
    (tmp_path / "main").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path / "temporary")
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "main"))
    model = load_encoder(folder)
    for name, kept in (("kept", tmp_path / "main/kept"), (str(tmp_path / "there"), tmp_path / "there")):
        cache = find_cache(model, name, "fp32")
        assert cache
        assert cache.folder == kept
    (tmp_path / "main/file").write_text("")
    assert find_cache(model, "file/below", "fp32") is None
    assert "Embeddings are not kept, since" in caplog.text


def test_no_query_with_a_relevant_passage_is_an_error(folder: Path):
    task = replace(exact("cldr", ["de"]), settings=("cross_lingual",))
    with pytest.raises(DataError, match="a query with a relevant passage"):
        scoring.score_task(load_encoder(folder), task, PARAMS)
