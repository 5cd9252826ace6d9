"""A small project whose stage `train` starts itself by torchrun, and where to find its processes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
from ruamel.yaml import YAML

from tests.several import free_port
from tests.training.conftest import write_plans

ROOT = Path(__file__).parents[2]


TORCHRUN = "torchrun --nproc-per-node 2 --master-port {port}"
ACCELERATE = "accelerate launch --multi_gpu --num_processes 2 --main_process_port {port}"
"""As the docs have it; it starts processes without a GPU, too."""


def make_project(root: Path, initial: Path, steps: int, launcher: str = TORCHRUN) -> None:
    """Make a project with pairs, plans and an encoder, to be trained on two processes."""
    (root / "data/batches").mkdir(parents=True)
    write_plans(root, steps)
    (root / "pairs.parquet").rename(root / "data/pairs.parquet")
    (root / "hybrid.parquet").rename(root / "data/batches/hybrid.parquet")
    shutil.copytree(initial, root / "models/initial")
    (root / "stages").symlink_to(ROOT / "stages")
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["train"]["launcher"] = launcher.format(port=free_port())
    params["tracking"]["checkpoint_every"] = 20
    yaml.dump(params, root / "params.yaml")


def start(root: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "hbir", "train", "hybrid"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DVC_ROOT": str(root)}
    return subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ranks(root: Path) -> dict[int, int]:
    """Find the processes of the training in a folder: rank → number of the process."""
    found: dict[int, int] = {}
    for process in psutil.process_iter():
        try:
            variables = process.environ()
            if "RANK" in variables and Path(process.cwd()).resolve() == root.resolve():
                found.setdefault(int(variables["RANK"]), process.pid)  # before what it started itself
        except (psutil.Error, OSError):
            continue
    return found


def state(root: Path) -> list[Path]:
    return list((root / ".hbir/checkpoints").glob("hybrid-*/state.pt"))
