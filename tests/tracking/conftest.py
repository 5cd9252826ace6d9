"""Give every test a project of its own, with a store whose tables were made once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hbir.core.params import validated
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import DEFAULTS, Store


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make the tables of an empty store, which takes seconds."""
    path = tmp_path_factory.mktemp("tables") / "mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in DEFAULTS.items():
            patch.setenv(name, value)
        from mlflow import MlflowClient

        MlflowClient(f"sqlite:///{path}")
        yield path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Be in an empty project without a store."""
    root = tmp_path / "a project"
    (root / ".dvc").mkdir(parents=True)
    monkeypatch.chdir(root)
    for name in ("DVC_ROOT", "DVC_EXP_NAME", "DVC_EXP_BASELINE_REV", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    yield root
    import mlflow

    mlflow.set_tracking_uri(None)  # logging a model sets it for the whole process


@pytest.fixture
def root(project: Path, tables: Path) -> Path:
    """Be in an empty project with an empty store."""
    shutil.copyfile(tables, project / "mlflow.db")
    return project


@pytest.fixture
def store(root: Path) -> Store:
    return Store(root)


@pytest.fixture
def params() -> TrackingParams:
    checked: TrackingParams = validated(
        TrackingParams,
        {
            "log_every": 20,
            "checkpoint_every": 200,
            "model_size_limit": 100,
            "champion": "cldr/multilingual/map",
        },
        "params.yaml: tracking",
    )
    return checked


@pytest.fixture
def origin() -> Origin:
    return Origin(revision="c0ffee")
