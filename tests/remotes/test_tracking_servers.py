"""One tracking server, on SQLite or PostgreSQL, takes the runs of two clones at once, and may die meanwhile."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hbir.core.errors import TrackingError
from hbir.evaluation.results import SamplerResults
from hbir.tracking.live import LiveRun
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import SYNCHRONISED, synchronise
from tests.remotes.services import postgres
from tests.tracking.look import artifacts, build, history, lengths, runs
from tests.tracking.servers import Server
from tests.tracking.test_real_server import AT_ONCE, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
SAMPLERS = ("xx", "xy")
PARAMS = TrackingParams(
    log_every=20, checkpoint_every=200, model_size_limit=100, champion="cldr/multilingual/map"
)


@dataclass
class Clones:
    """Hold a server and two projects that use it."""

    server: Server
    one: Path
    other: Path


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "SQLite":
        yield f"sqlite:///{tmp_path_factory.mktemp('database')}/server.db"
        return
    with postgres() as address:
        yield address


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the server as docs/how-to/share.md does."""
    folder = tmp_path_factory.mktemp("server")
    arguments = ("server", "--backend-store-uri", database, "--artifacts-destination", str(folder / "files"))
    with Server(arguments, folder / "log") as started:
        yield started


@pytest.fixture
def clones(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clones]:
    """Give two clones with results of the same trainings, as two people have who pulled the same commit."""
    one, other = tmp_path / "one", tmp_path / "other"
    (one / ".dvc").mkdir(parents=True)
    build(one / "scores", SAMPLERS)
    shutil.copytree(one, other)
    monkeypatch.chdir(one)
    for name in ("DVC_ROOT", "DVC_EXP_NAME", "DVC_EXP_BASELINE_REV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
    yield Clones(server, one, other)
    server.restart()  # where a test ended while it was dead
    store = Store(one)
    for run in store.search():
        store.client.delete_run(run.info.run_id)


def at_once(root: Path) -> "subprocess.Popen[str]":
    code = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n{AT_ONCE}"
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stdout=pipe, stderr=subprocess.STDOUT, text=True
    )


def whole_once(store: Store) -> dict[str, Any]:
    """Check that each run is there once, whole, and has no value twice; return its content by name."""
    found = runs(store)  # two of a name would be an error
    assert set(found) == set(SAMPLERS)
    for run in found.values():
        assert run.info.status == "FINISHED"
        assert SYNCHRONISED in run.data.tags
        assert {"report.html", "training.json", "scores"} <= artifacts(store, run)
        for metric in run.data.metrics:
            steps = [step for step, _ in history(store, run, metric)]
            assert len(steps) == len(set(steps)), metric
    return {name: (run.data.params, run.data.metrics) for name, run in found.items()}


def test_two_clones_at_once(clones: Clones):
    """For the first time: even the experiment is made by both."""
    both = [at_once(root) for root in (clones.one, clones.other)]
    said = [process.communicate(timeout=1800)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    store = Store(clones.one)
    whole_once(store)
    names = {store.comparison, Store(clones.other).comparison}
    assert len(names) == 2
    assert all(names <= run.data.tags.keys() for run in store.search())  # each clone compares them
    assert not store.client.search_registered_models("name LIKE 'hbir.lock%'")


def test_the_server_dies_while_scores_are_brought_in(clones: Clones, monkeypatch: pytest.MonkeyPatch):
    """Before any request, at several places of the course: the same command, given again, brings all in."""
    results = build(clones.one / "scores", SAMPLERS)
    unbroken = sync(clones, results)
    expected = whole_once(unbroken)
    for at in (3, 12, 25):
        for run in unbroken.search():
            unbroken.client.delete_run(run.info.run_id)
        store = Store(clones.one)
        with dies_at(clones.server, at, monkeypatch) as asked:
            with pytest.raises(TrackingError, match="an MLflow store that can be read and written"):
                synchronise(results, store, clones.one, PARAMS, Origin(is_workspace=True))
        assert asked[0] >= at
        with pytest.raises(TrackingError, match=r"expected a tracking server that answers.*Start the server"):
            Store(clones.one)
        clones.server.restart()
        assert whole_once(sync(clones, results)) == expected, at


def test_the_server_dies_while_a_training_runs(clones: Clones, caplog: pytest.LogCaptureFixture):
    """The training goes on, one warning says so, and what was not sent comes in from the results."""
    results = build(clones.one / "scores", SAMPLERS)
    expected = whole_once(sync(clones, results))
    store = Store(clones.one)
    for run in store.search():
        store.client.delete_run(run.info.run_id)
    live = LiveRun(clones.one)
    live.start(results[0].record.fingerprint, "xx", {"seed": 1})
    assert runs(store)["xx"].info.status == "RUNNING"
    live.train(20, 1.0, 0.1, 600.0)
    clones.server.kill()
    for step in range(40, 400, 20):
        live.train(step, 1.0, 0.1, 600.0)
    live.finish("FINISHED")
    [told] = [record.getMessage() for record in caplog.records if record.name == "hbir.tracking.live"]
    assert "run `python -m hbir track` later" in told
    clones.server.restart()
    content = whole_once(sync(clones, results))
    assert content["xy"] == expected["xy"]
    assert content["xx"][1].items() >= expected["xx"][1].items()
    assert lengths(store)["xx"]["cldr/multilingual/map"] == 1


def sync(clones: Clones, results: list[SamplerResults]) -> Store:
    store = Store(clones.one)
    synchronise(results, store, clones.one, PARAMS, Origin(is_workspace=True))
    return store


@contextlib.contextmanager
def dies_at(server: Server, number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Kill the server before a request; give the count of requests."""
    import requests

    asked = [0]
    send = requests.Session.send

    def counted(self: Any, request: Any, **options: Any) -> Any:
        asked[0] += 1
        if asked[0] == number:
            server.kill()
        return send(self, request, **options)

    with monkeypatch.context() as patch:
        patch.setattr(requests.Session, "send", counted)
        yield asked
