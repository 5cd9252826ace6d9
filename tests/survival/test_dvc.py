"""Whatever is killed under DVC, the same command, given again, ends as if nothing had been."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.pipeline.project import Clone, environment, make_clone
from tests.survival.broken import count

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
def warm(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Give a clone that has the results of seed 1, and none of seed 5."""
    clone = make_clone(tmp_path_factory.mktemp("warm") / "hbir")
    clone.dvc("repro")
    clone.commit("results")
    return clone


@pytest.fixture(scope="module")
def whole(warm: Clone, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what an unbroken run makes of seed 5, and how many changes of files its stages take."""
    clone = copied(warm, tmp_path_factory.mktemp("whole"))
    clone.configure(seed=5)
    clone.dvc("repro")
    return {
        "outputs": outputs((clone.root / "dvc.lock").read_text(encoding="utf-8")),
        "changes": {stage: count(clone, stage) for stage, _ in PLACES},
    }


def copied(clone: Clone, folder: Path) -> Clone:
    shutil.copytree(clone.root, folder / "hbir", symlinks=True)
    return Clone(folder / "hbir")


def outputs(lock: str) -> dict[str, str]:
    """Return the digest of every output in a dvc.lock; those of the first stage are files of the clone."""
    stages: Mapping[str, Any] = YAML(typ="safe").load(lock)["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", ())}


def killed(clone: Clone, command: list[str], stage: str, at: int, what: str) -> bool:
    """Run a command of DVC that is killed in the middle of a stage; return whether it came so far."""
    told = clone.root.parent / "told"
    told.unlink(missing_ok=True)
    fault = "kill" if what == "kill" else "wait"
    crash = {"HOOK": "tests.survival.crash", "CRASH": f"{stage}|{at}|{fault}|{told}"}
    process = subprocess.Popen(
        ["dvc", *command],
        cwd=clone.root,
        env={**environment(), **crash},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
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
    if mode == "repro":
        lock = (clone.root / "dvc.lock").read_text(encoding="utf-8")
    else:
        refs = clone.run("git", "for-each-ref", "--format=%(refname)", "refs/exps").stdout.split()
        (mine,) = [ref for ref in refs if ref.endswith("/mine")]
        lock = clone.run("git", "show", f"{mine}:dvc.lock").stdout
    assert outputs(lock) == whole["outputs"]
    record_property("survived", len(PLACES))
