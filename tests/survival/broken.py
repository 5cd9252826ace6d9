"""Run a stage of the tiny pipeline again and again, broken each time at another place."""

import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.pipeline.project import Clone
from tests.survival.crash import FAULTS

STAGES = (
    "inputs",
    "collect",
    "translate de",
    "translate en",
    "translate es",
    "build-batches",
    "encoder",
    "train xx",
    "train xy",
    "train hybrid",
    "merge-samplers merged-0.5",
    "score hybrid",
    "score xx",
    "score xy",
    "score merged-0.5",
    "evaluate",
)
"""In their order, without DVC between them."""
OURS = ("data", "models", "scores", "metrics", "reports")
"""Folders of outputs: after all, they hold what an unbroken run makes, and not a file more."""


@dataclass(frozen=True)
class Broken:
    """Say where a stage was broken, and how it ended."""

    stage: str
    at: int
    fault: str
    event: str
    """What it was about to do; empty when it never came so far."""
    result: subprocess.CompletedProcess[str]

    def __str__(self) -> str:
        return f"{self.stage}: {self.fault} at change {self.at} ({self.event})"


def tree(root: Path) -> dict[str, bytes]:
    """Read all outputs of a workspace."""
    files = (path for name in OURS for path in (root / name).rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def plain(clone: Clone, stage: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a stage as DVC calls it."""
    return clone.run("python", "-m", "hbir", *stage.split(), check=check)


def count(clone: Clone, stage: str) -> int:
    """Run a stage to its end, and count its changes of files."""
    result, told = _last(clone, stage, 0, "none")
    if result.returncode:
        raise AssertionError(f"{stage} failed by itself: {result.stderr}")
    return int(told.partition(" ")[0])


def broken(clone: Clone, stage: str, at: int, fault: str) -> Broken:
    """Run a stage and break it at a change."""
    result, told = _last(clone, stage, at, fault)
    event = told.partition(" ")[2]
    return Broken(stage, at, fault, "" if event == "end" else event, result)


def _last(clone: Clone, stage: str, at: int, fault: str) -> tuple[subprocess.CompletedProcess[str], str]:
    told = clone.root.parent / "told"
    told.unlink(missing_ok=True)
    crash = {"HOOK": "tests.survival.crash", "CRASH": f"{stage}|{at}|{fault}|{told}"}
    result = Clone(clone.root, clone.extra | crash).run("python", "-m", "hbir", *stage.split(), check=False)
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    return result, lines[0] if lines else ""


def places(number: int, changes: int, seed: str) -> Iterator[tuple[int, str]]:
    """Draw changes to break at, spread over the whole stage, with every fault in turn."""
    draw = random.Random(seed)
    bounds = [1 + changes * part // number for part in range(number + 1)]
    faults = draw.sample(FAULTS, len(FAULTS))
    for part in range(number):
        at = draw.randrange(bounds[part], max(bounds[part + 1], bounds[part] + 1))
        yield at, faults[part % len(faults)]


def restore(clone: Clone, before: dict[str, bytes]) -> None:
    """Bring the outputs back to what they were before a stage, and forget its states."""
    for name in OURS:
        for path in (clone.root / name).rglob("*"):
            if path.is_file() and str(path.relative_to(clone.root)) not in before:
                path.unlink()
    for name, content in before.items():
        path = clone.root / name
        if not path.exists() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(content)
    shutil.rmtree(clone.root / ".hbir", ignore_errors=True)
