import logging
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from hbir.core.errors import TrackingError
from hbir.tracking import server
from hbir.tracking.live import LiveRun
from hbir.tracking.params import TrackingParams
from hbir.tracking.server import check_answers
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise_quietly
from tests.tracking.look import build


@pytest.fixture
def silent() -> Iterator[str]:
    """Listen on a port and never answer."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def refused() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def forgetful() -> Iterator[str]:
    """Answer the probe, and nothing else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/health":
                self.send_response(200)
                self.end_headers()
            else:
                stop.wait()

        do_POST = do_GET  # noqa: N815 - the base class's name

        def log_message(self, *arguments):
            pass

    stop = threading.Event()
    httpd = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    stop.set()
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_a_server_that_answers_passes(forgetful: str):
    check_answers(forgetful)


@pytest.mark.parametrize("kind", ["silent", "refused"])
def test_a_dead_server_costs_seconds_and_never_the_training(
    kind: str,
    project: Path,
    params: TrackingParams,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    assert 6 * server.PROBE_SECONDS < 15  # five trainings and an evaluation
    monkeypatch.setattr(server, "PROBE_SECONDS", 1.0)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", request.getfixturevalue(kind))
    began = time.monotonic()
    live = LiveRun()
    live.start("a" * 64, "xx", {"seed": 1})
    for step in range(1, 500):
        live.train(step, 1.0, 0.1, 600.0)
    live.validation(500, 1.0, 1.0, 1.0)
    live.finish("FINISHED")
    synchronise_quietly(build(project / "scores", ["xx"]), params)
    assert time.monotonic() - began < 5
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 2  # one for the training, one for the evaluation
    assert all("a tracking server that answers" in text for text in told)
    assert all("python -m hbir track" in text for text in told)
    assert not list(project.glob("mlflow.db"))


def test_a_server_that_dies_after_the_probe_is_bounded_too(
    forgetful: str, project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", forgetful)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    began = time.monotonic()
    live = LiveRun()
    live.start("a" * 64, "xx", {"seed": 1})
    live.finish("FINISHED")
    assert time.monotonic() - began < 15
    [told] = [record for record in caplog.records if record.name.startswith("hbir")]
    assert "run `python -m hbir track` later" in told.getMessage()


def test_an_answer_that_drips_is_bounded(monkeypatch: pytest.MonkeyPatch):
    """A socket's timeout starts again with every byte."""
    monkeypatch.setattr(server, "PROBE_SECONDS", 0.5)
    stop = threading.Event()

    def drip() -> None:
        connection, _ = listening.accept()
        with connection:
            while not stop.wait(0.1):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        with pytest.raises(TrackingError, match=r"no answer within 0\.5 s"):
            check_answers(f"http://127.0.0.1:{listening.getsockname()[1]}")
        assert time.monotonic() - began < 5
        stop.set()
        thread.join()


def test_a_dead_server_is_an_error_for_who_asks_for_it(
    refused: str, project: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", refused)
    with pytest.raises(TrackingError, match="MLFLOW_TRACKING_URI"):
        Store(project)
