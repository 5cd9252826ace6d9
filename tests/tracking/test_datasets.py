"""What a run was trained and scored on: names and hashes as dvc.lock has them, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from hbir.core.lock_file import locked_stages
from hbir.evaluation.results import SamplerResults
from hbir.tracking.datasets import DIGEST_LENGTH, dataset_inputs
from hbir.tracking.locked import out_hash, scored_on, trained_on
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from tests.tracking.look import build, runs

MODEL, PLAN, PAIRS, FILES = (f"{digit * 32}" for digit in "1234")
LOCK = f"""schema: '2.0'
stages:
  train_xx:
    cmd: python -m hbir train xx
    deps:
    - {{path: data/batches/xx.parquet, hash: md5, md5: {PLAN}, size: 1}}
    - {{path: data/pairs.parquet, hash: md5, md5: {PAIRS}, size: 1}}
    - {{path: hbir/core, hash: md5, md5: abc.dir, size: 1, nfiles: 2}}
    outs:
    - {{path: models/xx, hash: md5, md5: {MODEL}.dir, size: 1, nfiles: 2}}
  score@xx:
    cmd: python -m hbir score xx
    deps:
    - {{path: data/inputs/score.json, hash: md5, md5: {FILES}, size: 1}}
    - {{path: models/xx, hash: md5, md5: {MODEL}.dir, size: 1, nfiles: 2}}
    outs:
    - {{path: scores/xx, hash: md5, md5: 9.dir, size: 1, nfiles: 2}}
"""


@pytest.fixture
def results(root: Path) -> list[SamplerResults]:
    (root / "dvc.lock").write_text(LOCK)
    return build(root / "scores", ["xx"])


def logged(store: Store) -> dict[str, Any]:
    return {one.dataset.name: one for one in runs(store)["xx"].inputs.dataset_inputs}


def test_plan_pairs_and_benchmarks_are_inputs_of_the_run(
    results: list[SamplerResults], store: Store, params: TrackingParams
):
    synchronise(results, store, store.root, params, Origin(is_workspace=True))
    found = logged(store)
    assert {name: one.dataset.digest for name, one in found.items()} == {
        "data/batches/xx.parquet": PLAN,
        "data/pairs.parquet": PAIRS,
        "cldr": "2.18.0+3f2a9c",
    }
    contexts = {name: [(tag.key, tag.value) for tag in one.tags] for name, one in found.items()}
    assert contexts["data/pairs.parquet"] == [("mlflow.data.context", "training")]
    assert contexts["cldr"] == [("mlflow.data.context", "evaluation")]
    plan, cldr = (found[name].dataset for name in ("data/batches/xx.parquet", "cldr"))
    assert json.loads(plan.source)["fetch"] == "dvc pull data/batches/xx.parquet"
    assert json.loads(plan.profile) == {"pairs": 2 * 6980}
    assert json.loads(cldr.source)["files_md5"] == FILES
    assert json.loads(cldr.profile)["passages"] == 862


def test_mlflow_finds_the_file(results: list[SamplerResults], store: Store, params: TrackingParams):
    import mlflow.data

    synchronise(results, store, store.root, params, Origin())
    source = mlflow.data.get_source(logged(store)["data/pairs.parquet"])
    assert source.to_dict()["uri"] == "data/pairs.parquet"


def test_twice_is_once(results: list[SamplerResults], store: Store, params: TrackingParams):
    for _ in range(2):
        summary = synchronise(results, store, store.root, params, Origin())
    assert summary.unchanged == 1
    assert len(logged(store)) == 3


def test_other_data_is_another_input(results: list[SamplerResults], store: Store, params: TrackingParams):
    synchronise(results, store, store.root, params, Origin())
    (store.root / "dvc.lock").write_text(LOCK.replace(FILES, "5" * 32).replace(PAIRS, "6" * 32))
    assert synchronise(results, store, store.root, params, Origin()).completed == 1
    digests = {one.dataset.digest for one in runs(store)["xx"].inputs.dataset_inputs}
    assert {PAIRS, "6" * 32} <= digests  # MLflow cannot take an input out of a run


def test_a_model_that_was_not_scored_yet_tells_nothing_of_what_was_scored(tmp_path: Path):
    """The training ran again, and the scores are those of the model before."""
    lock = tmp_path / "dvc.lock"
    lock.write_text(LOCK.replace(f"models/xx, hash: md5, md5: {MODEL}", "models/xx, hash: md5, md5: 7", 1))
    stages = locked_stages(lock)
    assert out_hash(stages, "models/xx") == "7.dir"
    assert trained_on(stages, "xx") == {}
    assert scored_on(stages, "xx") == FILES


def test_what_is_not_in_the_lock_is_left_out(tmp_path: Path):
    lock = tmp_path / "dvc.lock"
    lock.write_text(LOCK)
    stages = locked_stages(lock)
    assert trained_on(stages, "merged") == {}
    assert scored_on(stages, "merged") == out_hash(stages, "models/merged") == ""
    for text in ("", "stages: [1]", "a: [", "just words"):
        lock.write_text(text)
        assert locked_stages(lock) == {}
    assert locked_stages(tmp_path / "none") == {}


def test_a_long_version_is_shortened_and_two_stay_two(tmp_path: Path):
    [result] = build(tmp_path, ["xx"], benchmarks=("cldr", "other"))
    for name, end in (("cldr", "a"), ("other", "b")):
        object.__setattr__(result.summaries[name].task, "version", "0" * 40 + end)
    one, other = (given.digest for given in dataset_inputs(result, {}, Origin()))
    assert len(one) == len(other) == DIGEST_LENGTH
    assert one != other
