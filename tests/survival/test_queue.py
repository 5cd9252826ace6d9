"""Whatever is killed under DVC's queue, what docs/how-to/recover.md says ends as if nothing had been."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.pipeline.project import Clone
from tests.survival.clones import (
    EXPERIMENTS,
    copied,
    crash,
    made,
    processes,
    queue,
    tracked,
    wait_until,
)
from tests.survival.conftest import Expected

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
NAME, OPTION = next(iter(EXPERIMENTS.items()))
BREAKS = (
    ("train xx", 20, "stage"),
    ("train xx", 40, "all"),
    ("train xx", 40, "dvc"),
    ("score xx", 24, "all"),
    ("evaluate", 120, "stage"),
)
"""Stage, change of a file, and who is killed there; `dvc`: DVC's processes get SIGTERM, the stage nothing."""


def put(clone: Clone) -> None:
    clone.dvc("exp", "run", "--queue", "--name", NAME, "-S", OPTION)


def is_dvc(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return any(word.endswith("/dvc") for word in process.cmdline())
    return False


def broken(clone: Clone, stage: str, at: int, whom: str) -> None:
    """Let a worker begin the experiment, break it, and wait until nobody of it is left."""
    told = clone.root.parent / "told"
    told.unlink(missing_ok=True)
    queue(clone, jobs=1, **crash(stage, at, "kill" if whom == "stage" else "hold", told))
    wait_until(told.exists, stage)
    assert "end" not in told.read_text(encoding="utf-8"), f"{stage} makes fewer changes than {at}"
    for process in processes(clone):
        with suppress(psutil.NoSuchProcess):
            if whom == "all":
                process.kill()
            elif whom == "dvc" and is_dvc(process):
                process.terminate()
    if whom == "dvc":
        wait_until(lambda: not any(map(is_dvc, processes(clone))), "the end of DVC")
        assert processes(clone), "the training went with DVC"
        told.unlink()
    wait_until(lambda: not processes(clone), "the end of all")


def recover(clone: Clone) -> None:
    """Do what docs/how-to/recover.md says, and begin the experiment again."""
    status = clone.dvc("queue", "status")
    assert NAME in status
    assert "Worker status: 0 active, 0 idle" in status
    if "Running" in status:
        clone.dvc("queue", "kill", NAME)
    clone.dvc("queue", "remove", NAME)
    put(clone)


def test_what_is_killed_under_the_queue_ends_as_if_nothing_had_been(
    warm: Clone, one_by_one: Expected, tmp_path: Path, record_property: Callable[[str, object], None]
):
    clone = copied(warm, tmp_path)
    put(clone)
    for stage, at, whom in BREAKS:
        broken(clone, stage, at, whom)
        recover(clone)
    queue(clone, jobs=1)
    clone.wait_for_queue()
    wait_until(lambda: not processes(clone), "the worker's end")
    assert made(clone, NAME) == one_by_one.outputs[NAME]
    runs = tracked(clone)
    assert all(run in one_by_one.runs and run["complete"] for run in runs)
    assert len(runs) == len(one_by_one.runs) - len(EXPERIMENTS) + 1
    record_property("survived", len(BREAKS))
