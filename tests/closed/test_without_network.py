"""The whole pipeline runs where the system has no network at all, not even for DVC or a library in C++."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pipeline.project import Clone, make_clone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
WAYS = (["unshare", "--net", "--map-root-user"], ["unshare", "--net"])
"""Anybody may take the first where the system allows it, root alone the second."""
REACHABLE = "import socket; print([name for _, name in socket.if_nameindex()])"
ASK = "import socket; socket.create_connection(('192.0.2.1', 443), timeout=20)"


@pytest.fixture(scope="module")
def alone() -> list[str]:
    """Return what stands before a command, so that it has no network."""
    if shutil.which("unshare"):
        for way in WAYS:
            if subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0:
                return way
    pytest.skip("this system lets nobody here leave the network: `unshare --net` is refused")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """Give a clone whose stages run in a plain Python: a process that was there before has the network."""
    made = make_clone(tmp_path / "hbir")
    made.extra["PYTHONPATH"] = os.fspath(made.root)
    return made


def test_every_stage_runs_without_a_network(clone: Clone, alone: list[str]):
    assert clone.run(*alone, "python", "-c", REACHABLE).stdout.strip() == "['lo']"
    asked = clone.run(*alone, "python", "-c", ASK, check=False)
    assert "Network is unreachable" in asked.stderr
    said = clone.run(*alone, "dvc", "repro").stdout
    assert "Running stage 'inputs'" in said
    assert "Running stage 'evaluate'" in said
    assert (clone.root / "reports/comparison.html").exists()
    assert (clone.root / "mlflow.db").exists()
