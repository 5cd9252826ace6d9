"""The stage `train` starts itself by torchrun, and what becomes of it when one of its processes is killed."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

from hbir.core.training_record import read_training
from tests.training.conftest import Files
from tests.training.launched import ACCELERATE, TORCHRUN, make_project, ranks, start, state

STEPS = 400


@pytest.fixture
def project(files: Files, tmp_path: Path) -> Path:
    make_project(tmp_path / "project", files.folder / "initial", STEPS)
    return tmp_path / "project"


@pytest.mark.slow
def test_a_stage_starts_its_processes_and_goes_on_after_one_was_killed(project: Path):
    running = start(project)
    while running.poll() is None and not state(project):
        time.sleep(0.1)
    os.kill(ranks(project)[1], signal.SIGKILL)
    output, _ = running.communicate(timeout=900)
    assert running.returncode == 1
    [line] = [line for line in output.splitlines() if "Error: " in line and "hybrid" in line]
    assert line.startswith("Error: train hybrid: expected 2 processes until the end, found rank 1 gone. ")
    assert len(state(project)) == 1

    again = start(project)
    output, _ = again.communicate(timeout=1800)
    assert again.returncode == 0, output
    assert len(re.findall(r"^train hybrid: 400 steps, best at step ", output, re.MULTILINE)) == 1
    assert re.search(r"^train hybrid: resuming after step \d+ of 400$", output, re.MULTILINE)
    assert read_training(project / "models/hybrid/training.json").final.step == STEPS
    assert state(project) == []


@pytest.mark.slow
def test_either_launcher_trains_the_same(files: Files, tmp_path: Path):
    """That two processes train what one trains is tested without dropout, of which each draws its own."""
    losses = {}
    for launcher in (TORCHRUN, ACCELERATE):
        root = tmp_path / launcher.split()[0]
        make_project(root, files.folder / "initial", 12, launcher)
        running = start(root)
        output, _ = running.communicate(timeout=900)
        assert running.returncode == 0, output
        assert "on 2 × cpu" in output
        training = read_training(root / "models/hybrid/training.json")
        losses[launcher] = [point.loss for point in training.curve.train]
    assert len(losses[TORCHRUN]) > 1
    assert losses[ACCELERATE] == losses[TORCHRUN]
