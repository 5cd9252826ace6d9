"""Copies of a clone that has its results, and what experiments in it make."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from tests.pipeline.project import Clone, environment

TRACKED = Path(__file__).parents[1] / "pipeline/tracked.py"
EXPERIMENTS = {f"warm-{number}": f"overrides.xx.temperature=0.{number}" for number in (3, 4, 5)}
"""Name → what it changes: each trains and scores xx, and compares."""
SECONDS = 600


def copied(clone: Clone, folder: Path) -> Clone:
    """Copy a clone but for MLflow's store, which may not be moved."""
    ignored = shutil.ignore_patterns("mlflow.db", "mlartifacts")
    shutil.copytree(clone.root, folder / "hbir", symlinks=True, ignore=ignored)
    return Clone(folder / "hbir")


def outputs(lock: str) -> dict[str, str]:
    """Return the digest of every output in a dvc.lock; those of the first stage are files of the clone."""
    stages: Mapping[str, Any] = YAML(typ="safe").load(lock)["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", ())}


def locked(clone: Clone) -> dict[str, str]:
    """Return the digest of every output in the clone's folder."""
    return outputs((clone.root / "dvc.lock").read_text(encoding="utf-8"))


def made(clone: Clone, name: str) -> dict[str, str]:
    """Return the digest of every output of an experiment."""
    refs = clone.run("git", "for-each-ref", "--format=%(refname)", "refs/exps").stdout.split()
    [mine] = [ref for ref in refs if ref.endswith(f"/{name}")]
    return outputs(clone.run("git", "show", f"{mine}:dvc.lock").stdout)


def tracked(clone: Clone) -> list[dict[str, Any]]:
    """Return the runs in MLflow, without the names of the experiments that share them."""
    runs = json.loads(clone.run("python", "-c", TRACKED.read_text(encoding="utf-8")).stdout)
    plain = [{key: value for key, value in run.items() if key != "experiments"} for run in runs]
    return sorted(plain, key=lambda run: (run["fingerprint"], run["evaluation"] or ""))


def begin(clone: Clone, *command: str, log: Path, **extra: str) -> "subprocess.Popen[bytes]":
    """Start a command that is the first of its process group; what it starts may outlive it."""
    with log.open("wb") as stream:
        return subprocess.Popen(
            command,
            cwd=clone.root,
            env={**environment(), **extra},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def crash(stage: str, at: int, fault: str, told: Path) -> dict[str, str]:
    """Return the variables that break a stage; see `tests.survival.crash`."""
    return {"HOOK": "tests.survival.crash", "CRASH": f"{stage}|{at}|{fault}|{told}"}


def wait_until(is_so: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not in {SECONDS} s"
        time.sleep(0.05)


def processes(clone: Clone) -> list[psutil.Process]:
    """Return the processes that run in the clone or below it, be that folder removed meanwhile."""
    root, found = str(clone.root.resolve()), []
    for process in psutil.process_iter():
        try:
            where = Path(f"/proc/{process.pid}/cwd").readlink()
        except OSError:
            continue
        if f"{where}/".startswith(f"{root}/") and process.pid != os.getpid():
            found.append(process)
    return found


def queue(clone: Clone, jobs: int, **extra: str) -> None:
    """Start workers of DVC's queue, which end by themselves when it has been empty for ten seconds."""
    log = clone.root.parent / "queue"
    assert begin(clone, "dvc", "queue", "start", "--jobs", str(jobs), log=log, **extra).wait() == 0
