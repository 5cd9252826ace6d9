"""Ctrl-C during a training under plain `dvc repro`: it stops in order, and the same command goes on."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.project import Clone, make_clone
from tests.survival.clones import begin, copied, locked, processes, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
STEPS = 300
COMMAND = ("repro", "train_xy")


@pytest.fixture
def ready(tmp_path: Path) -> Clone:
    """Give a clone that has all but the training, whose stages get a terminal's signals themselves."""
    clone = make_clone(tmp_path / "ready" / "hbir")
    clone.extra["PYTHONPATH"] = os.fspath(clone.root)  # then each is a process of DVC's own group
    clone.configure(batches={"steps": STEPS}, tracking={"checkpoint_every": 5})
    clone.dvc("repro", "build_batches", "encoder")
    return clone


def twin(clone: Clone, folder: Path) -> Clone:
    made = copied(clone, folder)
    made.extra["PYTHONPATH"] = os.fspath(made.root)
    return made


def states(clone: Clone) -> list[Path]:
    return list((clone.root / ".hbir/checkpoints").glob("xy-*/state.pt"))


def interrupted(clone: Clone) -> tuple[int, str]:
    """Send SIGINT to DVC and all that it started once a state is there, and wait until nobody is left."""
    log = clone.root.parent / "log"
    process = begin(clone, "dvc", *COMMAND, log=log, **clone.extra)
    wait_until(lambda: states(clone) or process.poll() is not None, "a state")
    os.killpg(process.pid, signal.SIGINT)
    code = process.wait()
    wait_until(lambda: not processes(clone), "the end of all")
    return code, log.read_text(encoding="utf-8")


def test_ctrl_c_stops_a_training_in_order(
    ready: Clone, tmp_path: Path, record_property: Callable[[str, Any], None]
):
    unbroken, broken = (twin(ready, tmp_path / name) for name in ("unbroken", "broken"))
    unbroken.dvc(*COMMAND)
    code, said = interrupted(broken)
    assert code != 0
    assert "Traceback" not in said, said
    assert said.count("Aborted!") <= 1, said
    assert len([line for line in said.splitlines() if "topped" in line]) == 1, said
    assert states(broken), said
    assert not (broken.root / "models/xy").exists()
    again = broken.run("dvc", *COMMAND)
    assert "resuming after step" in again.stdout + again.stderr
    assert locked(broken) == locked(unbroken)
    record_property("survived", 1)
