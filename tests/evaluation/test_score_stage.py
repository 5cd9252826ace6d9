"""The stage score: each checkpoint is scored with its own weights."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from hbir.core.training_record import write_training
from hbir.encoding.model import load_encoder
from hbir.evaluation.params import EvaluateParams
from hbir.evaluation.scoring import Benchmark
from stages.score import score
from tests.encoding.test_encoder import saved
from tests.training.conftest import make_record

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
