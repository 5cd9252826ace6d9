import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from hbir.core.errors import TrackingError
from hbir.tracking import store as store_module
from hbir.tracking.store import Store, tracking_uri
from tests.tracking.look import history, runs

WORKER = """
import sys
from pathlib import Path
from hbir.tracking.live import LiveRun
own = sys.argv[1]
for fingerprint, sampler in ((own * 64, "xy"), ("f" * 64, "xx")):
    live = LiveRun()
    live.start(fingerprint, sampler, {"seed": 1})
    for step in range(1, 301):
        live.train(step, 1 / step, 0.1, 600.0)
    live.finish("FINISHED")
"""


def test_three_processes_at_once_lose_nothing(project: Path, tmp_path: Path):
    """Each has its own directory, as queued experiments do, and DVC_ROOT names the project."""
    workers = []
    for own in "abc":
        (tmp_path / own).mkdir()
        env = {**os.environ, "DVC_ROOT": str(project), "DVC_EXP_NAME": f"exp-{own}"}
        env["PYTHONPATH"] = str(Path(__file__).parents[2])
        command = [sys.executable, "-c", WORKER, own]
        workers.append(subprocess.Popen(command, cwd=tmp_path / own, env=env, stderr=subprocess.PIPE))
    told = [worker.communicate()[1].decode() for worker in workers]
    assert told == ["", "", ""]
    store = Store(project)
    found = store.client.search_runs([store.experiment_id])
    assert sorted(run.data.tags["hbir.fingerprint"][0] for run in found) == ["a", "b", "c", "f"]
    for run in found:
        assert run.info.status == "FINISHED"
        assert {step for step, _ in history(store, run, "train/loss")} == set(range(1, 301))
    [shared] = [run for run in found if run.data.params["sampler"] == "xx"]
    assert shared.data.tags["hbir.experiments"] == "exp-a, exp-b, exp-c"
    assert list(tmp_path.glob("[abc]/*")) == []


def test_the_store_lies_in_the_main_repository(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.chdir(tmp_path / "temporary")
    store = Store(root)
    experiment = store.client.get_experiment(store.experiment_id)
    assert experiment.artifact_location == (root / "mlartifacts").as_uri()
    run = store.client.create_run(store.experiment_id)
    store.client.log_dict(run.info.run_id, {"a": 1}, "a.json")
    [file] = root.glob("mlartifacts/*/artifacts/a.json")
    assert json.loads(file.read_text()) == {"a": 1}
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_users_address_wins(root: Path, tables: Path, monkeypatch: pytest.MonkeyPatch):
    assert tracking_uri(root) == f"sqlite:///{root}/mlflow.db"
    other = root.parent / "other.db"
    other.write_bytes(tables.read_bytes())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    assert Store(root).uri == f"sqlite:///{other}"


def test_a_moved_project_says_what_to_do(store: Store):
    moved = store.root.rename(store.root.with_name("moved"))
    with pytest.raises(TrackingError, match=r"move mlflow\.db out of it"):
        Store(moved)


def test_a_broken_store_is_one_error(project: Path):
    (project / "mlflow.db").write_text("no database " * 100)
    with pytest.raises(TrackingError, match="file is not a database"):
        Store(project)


def refusal(project: Path) -> str:
    with pytest.raises(TrackingError) as caught:
        Store(project)
    return str(caught.value)


def test_nobody_is_told_to_remove_a_store_of_others(root: Path, project: Path, monkeypatch: pytest.MonkeyPatch):
    other = (root / "mlflow.db").rename(root / "theirs.db")
    with closing(sqlite3.connect(other)) as database:
        database.execute("update alembic_version set version_num='bd07f7e963c5'")
        database.commit()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    said = refusal(project)
    assert "out-of-date database schema" in said
    assert f"mlflow db upgrade sqlite:///{other}" in said
    assert "delete" not in said.lower()
    other.write_text("no database " * 100)
    assert "what the store holds stays as it is" in refusal(project)


def test_a_missing_driver_is_one_line(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://me:secret@127.0.0.1/x")
    said = refusal(project)
    assert "No module named 'psycopg" in said
    assert "Install the database's driver" in said
    assert "secret" not in said


def test_an_experiment_that_was_deleted_in_mlflow_can_be_restored(store: Store):
    store.client.delete_experiment(store.experiment_id)
    said = refusal(store.root)
    assert f"mlflow experiments restore --experiment-id {store.experiment_id}" in said
    store.client.restore_experiment(store.experiment_id)
    assert Store(store.root).experiment_id == store.experiment_id


def test_a_project_that_cannot_be_written_can_use_another_store(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A file in place of the folder, for whoever runs tests as root may write anywhere."""
    other = (root / "mlflow.db").rename(tmp_path / "other.db")
    (root / ".hbir").write_text("")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    assert Store(root).search() == []


def test_all_pages_of_runs_are_found(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hbir.tracking.store.PAGE", 2)
    made = [
        store.client.create_run(store.experiment_id, start_time=number).info.run_id for number in range(1, 6)
    ]
    assert [run.info.run_id for run in store.search()] == made


def test_a_password_is_not_shown(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://me:secret@host/db")
    with pytest.raises(TrackingError) as caught:
        Store(project)
    assert "secret" not in str(caught.value)
    assert "nonsense://***@host/db" in str(caught.value)


def test_the_users_settings_are_respected(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "9")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    runs(Store(root))
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "9"
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"


def test_one_that_synchronises_keeps_others_out_and_no_training(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store_module, "SECONDS_TO_SYNCHRONISE", 0.1)
    store = Store(root)
    with FileLock(root / ".hbir/mlflow-sync.lock"):
        with pytest.raises(TrackingError, match="Another process of this project writes to it. Wait for it"):
            with store.faults(), store.synchronising():
                raise AssertionError("another one synchronises")
        with store.faults(), store.locked():
            pass
    with store.faults(), store.synchronising(), store.locked():
        pass
