"""Start MLflow's own server on this machine, and kill it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

SECONDS_TO_START = 180


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    """Run `python -m mlflow ARGUMENTS` on a free port, with further variables, until it is left."""

    def __init__(self, arguments: Sequence[str], log: Path, settings: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self._log = log
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        self._command = [sys.executable, "-m", "mlflow", *arguments, *where]
        self._environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **(settings or {})}
        self._environment.pop("MLFLOW_TRACKING_URI", None)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self._log.open("ab") as stream:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=stream, stderr=stream, start_new_session=True
            )
        self._wait(self._process)

    def restart(self) -> None:
        """Start it again at the same address, where it does not run."""
        if self._process is None:
            self.start()

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End all its processes."""
        if self._process:
            os.killpg(self._process.pid, how)
            self._process.wait()
        self._process = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill(signal.SIGTERM)

    def _wait(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while process.poll() is None and time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.address}/health", timeout=1).close()
                return
            except OSError:
                time.sleep(0.3)
        raise AssertionError(self._log.read_text())


@contextmanager
def serving(*arguments: str, log: Path, **settings: str) -> Iterator[int]:
    """Run it, and give the port."""
    with Server(arguments, log, settings) as server:
        yield server.port
