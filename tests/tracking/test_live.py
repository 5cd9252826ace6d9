import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hbir.core.hashing import digest
from hbir.tracking.live import LiveRun
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from tests.tracking.look import history, runs

FINGERPRINT = "ab" * 32
PARAMS = {"seed": 1, "temperature": 0.05, "alpha": None}


def train(live: LiveRun, steps: range) -> None:
    for step in steps:
        live.train(step, 10 / step, 0.001, 600.0)


def test_a_training_becomes_one_finished_run(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DVC_EXP_NAME", "tidy-owl")
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "c0ffee")
    live = LiveRun()
    live.start(FINGERPRINT, "hybrid", PARAMS)
    store = Store(root)
    assert runs(store)["hybrid"].info.status == "RUNNING"
    train(live, range(10, 50, 10))
    live.validation(40, 2.0, 1.5, 2.5)
    live.finish("FINISHED")
    run = runs(store)["hybrid"]
    assert run.info.status == "FINISHED"
    assert run.data.params == {"sampler": "hybrid", "seed": "1", "temperature": "0.05", "alpha": "null"}
    expected = {
        "fingerprint": FINGERPRINT,
        "sampler": "hybrid",
        "experiments": "tidy-owl",
        "revision": "c0ffee",
    }
    assert {key: run.data.tags[f"hbir.{key}"] for key in expected} == expected
    assert history(store, run, "train/loss") == [(10, 1.0), (20, 0.5), (30, 10 / 30), (40, 0.25)]
    assert history(store, run, "train/pairs_per_second") == [(step, 600.0) for step in (10, 20, 30, 40)]
    assert history(store, run, "validation/cross_lingual") == [(40, 2.5)]


def test_one_language_has_no_cross_lingual_half(root: Path):
    live = LiveRun()
    live.start(FINGERPRINT, "xx", PARAMS)
    live.validation(40, 2.0, 2.0, None)
    live.finish("FINISHED")
    assert set(runs(Store(root))["xx"].data.metrics) == {"validation/loss", "validation/monolingual"}


def test_a_killed_training_resumes_its_run_without_double_points(root: Path):
    """Killed after step 50, it goes on from the checkpoint of step 30."""
    first = LiveRun()
    first.start(FINGERPRINT, "xx", PARAMS)
    train(first, range(10, 60, 10))
    first.finish("KILLED")
    store = Store(root)
    assert runs(store)["xx"].info.status == "KILLED"
    second = LiveRun()
    second.start(FINGERPRINT, "xx", PARAMS)
    assert runs(store)["xx"].info.status == "RUNNING"
    train(second, range(40, 90, 10))
    second.finish("FINISHED")
    assert [step for step, _ in history(store, runs(store)["xx"], "train/loss")] == list(range(10, 90, 10))
    assert runs(store)["xx"].info.status == "FINISHED"


KILLED = """
import os, signal
from pathlib import Path
from hbir.tracking.live import LiveRun
live = LiveRun(Path.cwd())
live.start("ab" * 32, "xx", {"seed": 1})
live.train(10, 1.0, 0.001, 600.0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_whose_process_died_is_marked_as_killed(root: Path, params: TrackingParams):
    """Closing a terminal, a full memory, a power cut: nobody had the time to say so."""
    command = [sys.executable, "-c", KILLED]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    assert subprocess.run(command, cwd=root, env=environment, check=False).returncode == -signal.SIGKILL
    alive = LiveRun()
    alive.start("cd" * 32, "xy", PARAMS)
    store = Store(root)
    assert runs(store)["xx"].info.status == "KILLED"  # the next training found it
    assert runs(store)["xx"].info.end_time
    store.client.update_run(runs(store)["xx"].info.run_id, status="RUNNING")
    (root / ".hbir/running" / digest(store.uri)[:8] / f"{runs(store)['xx'].info.run_id}.lock").touch()
    summary = synchronise([], store, root, params, Origin())
    assert str(summary) == "MLflow runs: 0 created, 0 completed, 0 up to date, 1 marked as killed"
    assert {name: run.info.status for name, run in runs(store).items()} == {"xx": "KILLED", "xy": "RUNNING"}
    alive.finish("FINISHED")
    assert list((root / ".hbir/running").rglob("*.lock")) == []


def test_the_machine_is_watched_while_the_training_runs(root: Path, monkeypatch: pytest.MonkeyPatch):
    """A training that resumes goes on where the curve ended; the others wait for ten seconds."""
    monkeypatch.setenv("MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL", "0.05")
    store, names = Store(root), ("system/cpu_utilization_percentage", "system/system_memory_usage_megabytes")
    before: list[int] = []
    for _ in range(2):
        live = LiveRun()
        live.start(FINGERPRINT, "xx", PARAMS)
        for _ in range(600):
            found = runs(store)["xx"].data.metrics
            if set(names) <= set(found) and len(history(store, runs(store)["xx"], names[0])) > len(before) + 1:
                break
            time.sleep(0.05)
        live.finish("KILLED")
        steps = [step for step, _ in history(store, runs(store)["xx"], names[0])]
        assert len(steps) > len(before) + 1
        assert steps == list(range(len(steps)))
        before = steps
    assert not [thread for thread in threading.enumerate() if thread.name == "SystemMetricsMonitor"]


def test_points_arrive_while_the_training_runs(root: Path):
    live = LiveRun()
    live.start(FINGERPRINT, "xx", PARAMS)
    train(live, range(1, 100))
    store = Store(root)
    assert len(history(store, runs(store)["xx"], "train/loss")) in range(60, 99)
    live.finish("FINISHED")
    assert len(history(store, runs(store)["xx"], "train/loss")) == 99


def test_a_store_that_fails_later_is_told_once(root: Path, caplog: pytest.LogCaptureFixture):
    live = LiveRun()
    live.start(FINGERPRINT, "xx", PARAMS)
    (root / "mlflow.db").write_text("no database " * 1000)
    for _ in range(3):
        train(live, range(1, 300))
    live.finish("FINISHED")
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert not record.exc_info
    assert "run `python -m hbir track` later" in record.getMessage()


def test_a_fault_that_nobody_thought_of_is_told_with_its_trace(
    root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    def fail(*arguments: object) -> None:
        raise ZeroDivisionError("unthinkable")

    monkeypatch.setattr("hbir.tracking.live.open_run", fail)
    live = LiveRun()
    live.start(FINGERPRINT, "xx", PARAMS)
    train(live, range(1, 300))
    live.finish("FINISHED")
    [record] = caplog.records
    assert "ZeroDivisionError: unthinkable" in record.getMessage()
    assert record.exc_info
