import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hbir.core.params import validated
from hbir.encoding.model import load_encoder
from hbir.evaluation.results import SamplerResults
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from hbir.tracking.sync_summary import SyncSummary
from tests.tracking.look import artifacts, build, runs
from tests.tracking.models import TEXTS, save_model

FINGERPRINT = f"{b'xx'.hex():0<64}"
EVERY = {"log_every": 20, "checkpoint_every": 200, "champion": "cldr/multilingual/map"}
CHAMPION = "models:/hbir-xx@champion"
LOCK = """schema: '2.0'
stages:
  train_xx:
    cmd: python -m hbir train xx
    outs:
    - path: models/xx
      hash: md5
      md5: 0123456789abcdef0123456789abcdef.dir
      size: 4242
"""


@pytest.fixture
def results(root: Path) -> list[SamplerResults]:
    return build(root / "scores", ["xx"])


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "xx"
    save_model(folder, FINGERPRINT)
    return folder


@pytest.fixture
def model(root: Path, saved: Path, results: list[SamplerResults]) -> Path:
    assert results[0].record.fingerprint == FINGERPRINT
    return shutil.copytree(saved, root / "models/xx")


def sync(results: list[SamplerResults], store: Store, limit: float, *experiments: str) -> SyncSummary:
    params = validated(TrackingParams, {"model_size_limit": limit, **EVERY}, "params.yaml: tracking")
    return synchronise(results, store, store.root, params, Origin(experiments=experiments))


def reference(store: Store) -> dict[str, str]:
    [file] = store.root.glob("mlartifacts/*/artifacts/checkpoint.json")
    told: dict[str, str] = json.loads(file.read_text())
    return told


def logged_models(store: Store) -> list[Any]:
    return list(store.client.search_logged_models([store.experiment_id]))


def model_notes(summary: SyncSummary) -> list[str]:
    return [note for note in summary.notes if "model" in note]


def test_a_small_checkpoint_is_a_model_that_loads(results: list[SamplerResults], model: Path, store: Store):
    import mlflow

    assert model_notes(sync(results, store, 100)) == []
    run = runs(store)["xx"]
    [logged] = logged_models(store)
    assert run.data.tags["hbir.checkpoint"] == "model"
    assert run.outputs.model_outputs[0].model_id == logged.model_id
    assert (logged.source_run_id, logged.status.name) == (run.info.run_id, "READY")
    assert logged.params["sampler"] == "xx"
    assert {metric.key: metric.value for metric in logged.metrics}["cldr/multilingual/map"] == 0.1398
    encoder = load_encoder(model, device="cpu")
    for uri in (f"runs:/{run.info.run_id}/model", run.data.tags["hbir.checkpoint.uri"], CHAMPION):
        loaded = mlflow.sentence_transformers.load_model(uri)
        np.testing.assert_array_equal(loaded.encode_query(TEXTS), encoder.encode_query(TEXTS))
        np.testing.assert_array_equal(loaded.encode_document(TEXTS), encoder.encode_document(TEXTS))
    served = mlflow.pyfunc.load_model(uri)
    np.testing.assert_array_equal(served.predict(TEXTS), encoder.encode_query(TEXTS))
    documents = served.predict(TEXTS, params={"prompt_name": "document"})
    np.testing.assert_array_equal(documents, encoder.encode_document(TEXTS))


def test_a_model_is_logged_once(results: list[SamplerResults], model: Path, store: Store):
    sync(results, store, 100)
    assert sync(results, store, 100).unchanged == 1
    assert len(logged_models(store)) == 1


def test_a_large_checkpoint_is_a_reference(results: list[SamplerResults], model: Path, store: Store):
    (store.root / "dvc.lock").write_text(LOCK)
    assert model_notes(sync(results, store, 0.001)) == []
    run = runs(store)["xx"]
    assert logged_models(store) == []
    assert "checkpoint.json" in artifacts(store, run)
    told = {
        "path": "models/xx",
        "hash": "md5:0123456789abcdef0123456789abcdef.dir",
        "fetch": "dvc pull models/xx",
    }
    assert reference(store) == told
    assert run.data.tags["hbir.checkpoint"] == "reference"
    assert {key: run.data.tags[f"hbir.checkpoint.{key}"] for key in told} == told
    assert sync(results, store, 0.001).unchanged == 1


def test_a_reference_without_dvc_holds_the_folders_own_hash(
    results: list[SamplerResults], model: Path, store: Store
):
    sync(results, store, 0.001)
    assert reference(store)["hash"].startswith("sha256:")


def test_an_experiments_reference_names_the_experiment(
    results: list[SamplerResults], model: Path, store: Store
):
    sync(results, store, 0.001, "tidy-owl")
    assert reference(store)["fetch"] == "dvc get . models/xx --rev tidy-owl"


def test_the_final_checkpoint_does_not_count(results: list[SamplerResults], model: Path, store: Store):
    (model / "final").mkdir()
    (model / "final/model.safetensors").write_bytes(bytes(2_000_000))
    sync(results, store, 1)
    assert len(logged_models(store)) == 1


def test_a_missing_model_is_told_and_comes_later(results: list[SamplerResults], saved: Path, store: Store):
    (store.root / "dvc.lock").write_text(LOCK)
    [note] = model_notes(sync(results, store, 100))
    assert note == "xx: its model is not in models/xx, recorded as a reference, `dvc pull models/xx` gets it"
    shutil.copytree(saved, store.root / "models/xx")
    assert sync(results, store, 100).completed == 1
    assert runs(store)["xx"].data.tags["hbir.checkpoint"] == "model"


def test_a_model_that_nobody_knows_is_told(results: list[SamplerResults], store: Store):
    [note] = model_notes(sync(results, store, 100))
    assert note == "xx: its model is not in models/xx, not recorded"
    assert "hbir.checkpoint" not in runs(store)["xx"].data.tags


def test_a_model_of_another_training_is_not_this_ones(results: list[SamplerResults], model: Path, store: Store):
    (model / "training.json").write_text('{"fingerprint": "other"}')
    [note] = model_notes(sync(results, store, 100))
    assert note.endswith("not recorded")
    assert logged_models(store) == []


def test_a_model_without_weights_is_told(results: list[SamplerResults], model: Path, store: Store):
    (model / "model.safetensors").unlink()
    [note] = model_notes(sync(results, store, 100))
    assert "expected weights" in note
    assert runs(store)["xx"].info.status == "FINISHED"
