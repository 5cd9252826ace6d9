"""Start MLflow's own server on this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS_TO_START = 180


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(*arguments: str, log: Path, **settings: str) -> Iterator[int]:
    """Run `python -m mlflow ARGUMENTS` on a free port, with further variables, until it is left."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", *arguments, "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **settings}
    environment.pop("MLFLOW_TRACKING_URI", None)
    with (
        log.open("wb") as stream,
        subprocess.Popen(
            [*command, "--workers", "1"], env=environment, stdout=stream, stderr=stream, start_new_session=True
        ) as server,
    ):
        try:
            _wait(port, server, log)
            yield port
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def _wait(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
            return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(log.read_text())
