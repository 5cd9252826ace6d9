"""MLflow's own UI reads the view that we save: its format is not documented, and may change."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from hbir.tracking.ui import comparison_link
from hbir.tracking.view import prepare_view
from tests.browser import CHROMIUM, NONE, shown
from tests.tracking.look import build

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason=NONE)]


@pytest.fixture
def served(store: Store) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "ui",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    settings = {"MLFLOW_BACKEND_STORE_URI": store.uri, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with subprocess.Popen(command, env={**os.environ, **settings}, start_new_session=True) as server:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.3)
        yield port
        os.killpg(server.pid, 15)


def test_the_ui_opens_on_the_prepared_view(store: Store, params: TrackingParams, served: int):
    results = build(store.root / "scores")
    synchronise(results, store, store.root, params, Origin(is_workspace=True))
    page, _ = shown(comparison_link(store, served, prepare_view(store)), store.root, milliseconds=30_000)
    for text in ("What differs", "Parameters that differ", "1 main", "hybrid seed 1"):
        assert text in page
    assert "Error loading shared view state" not in page
