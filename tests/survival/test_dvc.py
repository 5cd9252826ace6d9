"""Whatever is killed under DVC, the same command, given again, ends as if nothing had been."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.project import Clone
from tests.survival.broken import count
from tests.survival.clones import begin, copied, crash, locked, made, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
SEED = "seed=5"
MODES = {
    "repro": ["repro"],
    "workspace": ["exp", "run", "--name", "mine", "-S", SEED],
    "temp": ["exp", "run", "--temp", "--name", "mine", "-S", SEED],
}
PLACES = (
    ("build-batches", "kill"),
    ("train xy", "all"),
    ("train hybrid", "kill"),
    ("score xx", "all"),
    ("evaluate", "kill"),
)
"""Stages, and whether the stage or all processes are killed in their middle."""


@pytest.fixture(scope="module")
def whole(warm: Clone, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what an unbroken run makes of seed 5, and how many changes of files its stages take."""
    clone = copied(warm, tmp_path_factory.mktemp("whole"))
    clone.configure(seed=5)
    clone.dvc("repro")
    return {
        "outputs": locked(clone),
        "changes": {stage: count(clone, stage) for stage, _ in PLACES},
    }


def killed(clone: Clone, command: list[str], stage: str, at: int, what: str) -> bool:
    """Run a command of DVC that is killed in the middle of a stage; return whether it came so far."""
    told = clone.root.parent / "told"
    told.unlink(missing_ok=True)
    fault = "kill" if what == "kill" else "hold"
    process = begin(clone, "dvc", *command, log=told.with_name("log"), **crash(stage, at, fault, told))
    while process.poll() is None:
        if what == "all" and told.exists():
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.05)
    return told.exists() and "end" not in told.read_text(encoding="utf-8")


@pytest.mark.parametrize("mode", MODES)
def test_the_same_command_ends_as_if_nothing_had_been(
    warm: Clone,
    whole: dict[str, Any],
    tmp_path: Path,
    mode: str,
    record_property: Callable[[str, object], None],
):
    clone = copied(warm, tmp_path)
    if mode == "repro":
        clone.configure(seed=5)
    for stage, what in PLACES:
        assert killed(clone, MODES[mode], stage, max(1, whole["changes"][stage] // 2), what), (stage, what)
        if mode == "workspace":  # as docs/how-to/recover.md has it
            clone.run("git", "reset", "--quiet", "--hard")
            clone.run("git", "switch", "--quiet", "main", check=False)
    clone.dvc(*MODES[mode])
    found = locked(clone) if mode == "repro" else made(clone, "mine")
    assert found == whole["outputs"]
    record_property("survived", len(PLACES))


def test_after_a_termination_of_dvc_alone_the_next_run_waits_for_the_training(
    warm: Clone, whole: dict[str, Any], tmp_path: Path, record_property: Callable[[str, object], None]
):
    """DVC ends at once and leaves its stage running."""
    clone = copied(warm, tmp_path)
    clone.configure(seed=5)
    told, stage = tmp_path / "told", "train xy"
    held = crash(stage, whole["changes"][stage] // 2, "hold", told)
    first = begin(clone, "dvc", "repro", log=tmp_path / "first", **held)
    wait_until(told.exists, stage)
    first.terminate()
    assert first.wait() != 0
    second = begin(clone, "dvc", "repro", log=tmp_path / "second")
    said = "waiting for another process that trains the same"
    wait_until(lambda: said in (tmp_path / "second").read_text(encoding="utf-8"), said)
    assert second.poll() is None
    told.unlink()
    assert second.wait() == 0
    assert locked(clone) == whole["outputs"]
    record_property("survived", 1)
