"""MLflow's own server with a database: twice is once, two at once are one, and the champion stays."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow.artifacts import download_artifacts

from hbir.evaluation.results import SamplerResults, read_results
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from hbir.tracking.sync_summary import SyncSummary
from tests.reporting import builder
from tests.reporting.builder import settings
from tests.tracking.look import artifacts, build, lengths, runs
from tests.tracking.models import save_model
from tests.tracking.servers import serving
from tests.tracking.test_registry import LOCK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
ROOT = Path(__file__).parents[2]
AT_ONCE = """
import logging, sys
from pathlib import Path
from hbir.evaluation.results import read_results
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
params = TrackingParams(
    log_every=20, checkpoint_every=200, model_size_limit=100, champion="cldr/multilingual/map"
)
root = Path.cwd()
results = read_results(root / "scores", ["xx", "xy"])
print(synchronise(results, Store(root), root, params, Origin(is_workspace=True)))
"""


@pytest.fixture(params=["server", "database"])
def store(
    request: pytest.FixtureRequest, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    """Be in a project whose runs go to a server, or to a database file outside of the project."""
    database = f"sqlite:///{tmp_path}/server.db"
    if request.param == "database":
        monkeypatch.setenv("MLFLOW_TRACKING_URI", database)
        yield Store(project)
        return
    files = ("--serve-artifacts", "--artifacts-destination", str(tmp_path / "files"))
    with serving("server", "--backend-store-uri", database, *files, log=tmp_path / "log") as port:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        yield Store(project)


def sync(store: Store, results: list[SamplerResults], params: TrackingParams) -> SyncSummary:
    return synchronise(results, store, store.root, params, Origin(is_workspace=True))


def another(root: Path, letter: str, level: dict[str, Any]) -> list[SamplerResults]:
    """Score another training of xx; its model is not here."""
    [result] = build(root / "scores", ["xx"], changes={"xx": level})
    return [replace(result, record=replace(builder.trained(result), fingerprint=letter * 64))]


def versions(store: Store) -> list[str]:
    return sorted(str(one.version) for one in store.client.search_model_versions("name = 'hbir-xx'"))


def champion(store: Store) -> str:
    return str(store.client.get_model_version_by_alias("hbir-xx", "champion").version)


def test_twice_is_once_and_the_champion_stays(store: Store, params: TrackingParams):
    results = build(store.root / "scores", ["xx", "xy"])
    save_model(store.root / "models/xx", results[0].record.fingerprint)
    first = sync(store, results, params)
    assert (first.created, first.unchanged) == (2, 0)
    before = lengths(store), runs(store)["xx"].data.to_dictionary()
    fetched = Path(
        download_artifacts(artifact_uri="models:/hbir-xx@champion", dst_path=str(store.root / "got"))
    )
    assert list(fetched.rglob("model.safetensors"))
    second = sync(store, results, params)
    assert (second.created, second.completed, second.unchanged) == (0, 0, 2)
    assert (lengths(store), runs(store)["xx"].data.to_dictionary()) == before
    assert versions(store) == ["1"]
    assert champion(store) == "1"
    assert artifacts(store, runs(store)["xx"], "scores/cldr") >= {"scores/cldr/cells.csv"}


def test_a_worse_training_is_a_version_and_no_champion(store: Store, params: TrackingParams):
    (store.root / "dvc.lock").write_text(LOCK)  # models are recorded by reference
    for _ in range(2):
        sync(store, another(store.root, "a", settings("hybrid")), params)
        sync(store, another(store.root, "b", settings("xy")), params)
    assert versions(store) == ["1", "2"]
    assert champion(store) == "1"
    assert len(store.search()) == 2


def test_two_at_once_make_each_run_once(store: Store):
    results = build(store.root / "scores", ["xx", "xy"])
    assert read_results(store.root / "scores", ["xx", "xy"])[0].record == results[0].record
    both = [
        subprocess.Popen(
            [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{AT_ONCE}"],
            cwd=store.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=900)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert set(runs(store)) == {"xx", "xy"}  # two of a name would be an error
    assert {found["cldr/multilingual/map"] for found in lengths(store).values()} == {1}
