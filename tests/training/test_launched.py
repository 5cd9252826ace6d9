"""The stage `train` starts itself by torchrun, and what becomes of it when one of its processes is killed."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hbir.core.training_record import read_training
from tests.several import free_port
from tests.training.conftest import Files, write_plans

ROOT = Path(__file__).parents[2]
STEPS = 400


@pytest.fixture
def project(files: Files, tmp_path: Path) -> Path:
    """Make a project with pairs, plans and an encoder, to be trained on two processes."""
    root = tmp_path / "project"
    (root / "data/batches").mkdir(parents=True)
    write_plans(root, STEPS)
    (root / "pairs.parquet").rename(root / "data/pairs.parquet")
    (root / "hybrid.parquet").rename(root / "data/batches/hybrid.parquet")
    shutil.copytree(files.folder / "initial", root / "models/initial")
    (root / "stages").symlink_to(ROOT / "stages")
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["train"]["launcher"] = f"torchrun --nproc-per-node 2 --master-port {free_port()}"
    params["tracking"]["checkpoint_every"] = 20
    yaml.dump(params, root / "params.yaml")
    return root


def start(root: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "hbir", "train", "hybrid"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DVC_ROOT": str(root)}
    return subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def process_of(rank: int, root: Path) -> int:
    """Find the process of a rank of the training in a folder."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            if f"RANK={rank}".encode() in variables and (folder / "cwd").resolve() == root.resolve():
                return int(folder.name)
        except OSError:
            continue
    raise AssertionError("there is none")


def state(root: Path) -> list[Path]:
    return list((root / ".hbir/checkpoints").glob("hybrid-*/state.pt"))


@pytest.mark.slow
def test_a_stage_starts_its_processes_and_goes_on_after_one_was_killed(project: Path):
    running = start(project)
    while running.poll() is None and not state(project):
        time.sleep(0.1)
    os.kill(process_of(1, project), signal.SIGKILL)
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
