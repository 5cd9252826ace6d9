"""The stage score: each checkpoint is scored with its own weights."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from hbir.benchmarks.registry import load
from hbir.benchmarks.task import RetrievalTask
from hbir.core.errors import ParamsError
from hbir.core.files import write_table
from hbir.core.rival_record import RivalRecord
from hbir.core.schemas import PAIRS_SCHEMA
from hbir.core.training_record import write_training
from hbir.encoding.embed import embed
from hbir.encoding.fingerprint import encoder_fingerprint
from hbir.encoding.model import load_encoder
from hbir.evaluation.evaluate import evaluate
from hbir.evaluation.learning import learn
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.ranking import similarity_chunks
from hbir.evaluation.results import read_results
from hbir.evaluation.scoring import Benchmark
from hbir.reporting.score_lines import comparison_csv
from hbir.reporting.scores import benchmark_scores
from stages.merge_samplers import merge_samplers
from stages.score import score
from tests.encoding.test_encoder import saved
from tests.training.conftest import make_pairs, make_record

ROOT = Path(__file__).parents[2]
LANGUAGES = ["de", "en"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a project whose model xx has a final checkpoint of other weights."""
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["languages"], params["evaluate"]["benchmarks"] = LANGUAGES, ["cldr"]
    yaml.dump(params, tmp_path / "params.yaml")
    model = saved(tmp_path / "models" / "xx", seed=1)
    saved(model / "final", seed=2)
    write_training(model / "training.json", make_record("xx"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings_of(model: Path):
    params = EvaluateParams(benchmarks=["cldr"], query_chunk=100, batch_size=64, embeddings=None)
    return Benchmark("cldr", LANGUAGES, params).score(load_encoder(model)).settings


def test_best_and_final_checkpoint_are_scored_with_their_own_weights(project: Path):
    CliRunner().invoke(score, ["xx"], catch_exceptions=False)
    best, final = settings_of(project / "models/xx"), settings_of(project / "models/xx/final")
    assert best != final
    found = json.loads((project / "scores/xx/cldr/summary.json").read_text())["settings"]
    kept = json.loads((project / "scores/xx/final.json").read_text())["cldr"]
    for expected, scores in ((best, found), (final, kept)):
        for setting, means in expected.items():
            assert scores[setting] == pytest.approx(means, abs=1e-5)
    metrics = json.loads((project / "metrics/xx.json").read_text())["cldr"]
    assert metrics["map"]["multilingual"] == round(found["multilingual"]["map"], 4)


def test_without_a_final_checkpoint_the_best_is_the_final(project: Path):
    shutil.rmtree(project / "models/xx/final")
    CliRunner().invoke(score, ["xx"], catch_exceptions=False)
    found = json.loads((project / "scores/xx/cldr/summary.json").read_text())["settings"]
    assert json.loads((project / "scores/xx/final.json").read_text()) == {"cldr": found}


def test_the_final_checkpoint_is_not_scored_where_nobody_asks_for_it(project: Path):
    yaml = YAML()
    params = yaml.load(project / "params.yaml")
    params["evaluate"]["last_step"] = False
    yaml.dump(params, project / "params.yaml")
    (project / "models/xx/final/model.safetensors").unlink()  # nobody looks
    CliRunner().invoke(score, ["xx"], catch_exceptions=False)
    results = read_results(project / "scores", ["xx"])
    assert results[0].final == {"cldr": {}}
    assert results[0].summaries["cldr"].settings == settings_of(project / "models/xx")
    assert benchmark_scores(results)[0].final is None
    assert ",final," not in comparison_csv(results)


def scored(project: Path, row: str) -> dict[str, Any]:
    CliRunner().invoke(score, [row], catch_exceptions=False)
    (result,) = read_results(project / "scores", [row])
    assert isinstance(result.record, RivalRecord)
    return {"settings": result.summaries["cldr"].settings, "record": result.record}


def test_the_untouched_encoder_is_a_row(project: Path):
    initial = saved(project / "models" / "initial", seed=3)
    found = scored(project, "initial")
    assert found["settings"]["multilingual"]["map"] == pytest.approx(
        settings_of(initial)["multilingual"]["map"]
    )
    assert found["record"].fingerprint == encoder_fingerprint(load_encoder(initial))


def test_an_average_is_made_and_scored(project: Path):
    saved(project / "models" / "xy", seed=4)
    write_training(project / "models/xy/training.json", make_record("xy"))
    CliRunner().invoke(merge_samplers, ["merged-1"], catch_exceptions=False)
    found = scored(project, "merged-1")
    expected = settings_of(project / "models/xx")
    assert found["settings"]["monolingual"]["map"] == pytest.approx(expected["monolingual"]["map"])
    assert found["record"].params == {"merged.weight": 1.0}
    with pytest.raises(ParamsError, match="merge-samplers: expected one of merged-0.25, merged-0.5, found"):
        CliRunner().invoke(merge_samplers, ["merged-2"], catch_exceptions=False)


@pytest.mark.parametrize("adjustment", ["centred", "lir"])
def test_an_adjusted_model_is_scored_with_adjusted_embeddings(project: Path, adjustment: str):
    pairs = pa.Table.from_pylist(
        [
            {**row, "lang": {"aa": "de", "bb": "en", "cc": "es"}[row["lang"]]}
            for row in make_pairs().to_pylist()
        ],
        schema=PAIRS_SCHEMA,
    )
    write_table(project / "data/pairs.parquet", pairs)
    found = scored(project, f"xx+{adjustment}")
    assert found["settings"] != settings_of(project / "models/xx")
    params = EvaluateParams(benchmarks=["cldr"], query_chunk=100, batch_size=64, embeddings=None)
    model = load_encoder(project / "models/xx")
    learnt = learn(model, adjustment, project / "data/pairs.parquet", params)
    (task,) = load("cldr", LANGUAGES)
    assert isinstance(task, RetrievalTask)
    queries = learnt(embed(model, task.queries, "query", 64), task.query_langs)
    passages = learnt(embed(model, task.passages, "document", 64), task.passage_langs)
    by_hand = evaluate(task, similarity_chunks(queries, passages, 100)).settings
    assert found["settings"]["multilingual"] == pytest.approx(by_hand["multilingual"], abs=1e-4)
    assert found["record"].params["adjustment"] == adjustment
    assert "learnt from de, en, es" in found["record"].note
    assert not (project / f"scores/xx+{adjustment}/training.json").exists()


def test_floors_are_rows(project: Path):
    saved(project / "models" / "initial", seed=3)
    bm25, random = (scored(project, name) for name in ("bm25", "random"))
    assert bm25["settings"]["monolingual"]["map"] > 0.5 > random["settings"]["monolingual"]["map"]
    assert random["record"].params == {"dimension": 16, "seed": 1}


def test_what_needs_held_passages_leaves_out_the_others(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Benchmark, "is_held", False)
    saved(project / "models" / "initial", seed=3)
    result = CliRunner().invoke(score, ["bm25"], catch_exceptions=False)
    assert "score bm25: nothing" in result.output
    (found,) = read_results(project / "scores", ["bm25"])
    assert isinstance(found.record, RivalRecord)
    assert (found.record.unscored, found.summaries) == (["cldr"], {})


def test_an_unknown_row_is_named(project: Path):
    with pytest.raises(
        ParamsError, match="hbir score: expected one of hybrid, xx, xy, found 'hybird'. Did you"
    ):
        CliRunner().invoke(score, ["hybird"], catch_exceptions=False)
