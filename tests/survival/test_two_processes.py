"""Whatever is killed of a training on two processes: none hangs, none stays, and the same command goes on."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hbir.core.files import atomic_folder
from hbir.core.hashing import folder_digest
from hbir.encoding.initial import initial_encoder
from hbir.encoding.model import prepare_torch, save_encoder
from tests.survival.clones import wait_until
from tests.training.conftest import ENCODER, make_pairs
from tests.training.launched import make_project, ranks, start, state

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
STEPS = 400
STOP = {signal.SIGINT: 130, signal.SIGTERM: 143}
BREAKS = [
    ("rank 0", signal.SIGKILL),
    ("rank 1", signal.SIGKILL),
    ("ranks", signal.SIGKILL),
    ("all", signal.SIGKILL),
    ("rank 1", signal.SIGTERM),
    ("launcher", signal.SIGTERM),
    ("launcher", signal.SIGINT),
    ("all", signal.SIGINT),
]
"""Who gets which signal; to all of them a terminal sends it."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("two")
    prepare_torch(1)
    with atomic_folder(folder / "initial") as initial:
        save_encoder(initial_encoder(ENCODER, make_pairs()["passage"].to_pylist(), 1), initial)
    make_project(folder / "project", folder / "initial", STEPS)
    return folder / "project"


def to_its_end(running: "subprocess.Popen[str]") -> None:
    output, _ = running.communicate(timeout=1800)
    assert running.returncode == 0, output


def saved(root: Path) -> int:
    return max((path.stat().st_mtime_ns for path in state(root)), default=0)


def send(root: Path, running: "subprocess.Popen[str]", whom: str, number: signal.Signals) -> None:
    if whom == "all":
        os.killpg(running.pid, number)  # a launcher and what it starts are one group
    elif whom == "launcher":
        running.send_signal(number)
    found = ranks(root)
    for rank, process in found.items():
        if whom in ("ranks", f"rank {rank}"):
            os.kill(process, number)
    if whom == "all" and number == signal.SIGKILL:  # torchrun gives each a session of its own
        for process in found.values():
            os.kill(process, number)


def broken(root: Path, whom: str, number: signal.Signals, seconds: float) -> list[str]:
    """Break a training some steps behind a state; return what is wrong with how it ends."""
    before = saved(root)
    running = start(root)
    wait_until(lambda: saved(root) > before or running.poll() is not None, "a state")
    time.sleep(seconds)
    began = saved(root)
    send(root, running, whom, number)
    output, _ = running.communicate(timeout=600)
    wait_until(lambda: not ranks(root), "the end of every process")
    lines = [line for line in output.splitlines() if "topped" in line or "Error: train" in line]
    wrong = [] if state(root) else ["no state is left"]
    if whom in ("launcher", "all") and number in STOP:
        wrong += [] if running.returncode == STOP[number] else [f"exit code {running.returncode}"]
        wrong += [] if len(lines) == 1 and output.endswith(f"{lines[0]}\n") else ["not one line"]
        wrong += [] if saved(root) > began else ["its last steps are lost"]
    elif whom.startswith("rank ") and number == signal.SIGKILL:
        wrong += [] if len(lines) == 1 and f"{whom} gone" in lines[0] else ["it does not say who is gone"]
    return [f"{whom} got {number!r}: {one}: {output}" for one in wrong]


def test_the_same_command_ends_as_if_nothing_had_been(
    project: Path, record_property: Callable[[str, object], None]
):
    to_its_end(start(project))
    whole = folder_digest(project / "models/hybrid")
    (project / "models/hybrid").rename(project / "whole")
    draw = random.Random(2)
    wrong = [
        fault for whom, number in BREAKS for fault in broken(project, whom, number, draw.uniform(0.0, 0.4))
    ]
    assert not (project / "models/hybrid").exists()
    to_its_end(start(project))
    assert folder_digest(project / "models/hybrid") == whole
    record_property("survived", len(BREAKS) - len(wrong))
    record_property("faults", len(wrong))
    assert not wrong, "\n".join(wrong)
