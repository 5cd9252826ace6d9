"""Every stage of the tiny pipeline with little memory, and on a disk that is really full.

Memory: RLIMIT_DATA (`ulimit -d`) of 3 GB, which counts what a process may write to and shares with nobody:
the heap and every private mapping. RLIMIT_AS would also count torch's libraries and every mapped file, which
take no memory by being mapped; a control group needs the rights of root, and has another hierarchy on each
system. What was resident at the most is asserted too, as mapped files that are read count there. The stages
start no further process at these params.

Disk: a tmpfs that is as large as what lies on it and a share of what the stage will add. So the system itself
refuses, also what C++ libraries write, and writing into a mapped file, which no injected error shows.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from tests.pipeline.project import Clone, make_clone
from tests.survival.broken import STAGES, plain, restore, tree
from tests.survival.small_disk import SmallDisk, small_disk

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(sys.platform != "linux", reason="limits and small disks as Linux has them"),
]
MEMORY = 3 * 10**9
TOO_LITTLE = 300 * 10**6
ROOM, PERMISSION = "room on the disk", "a place that may be written"
STARVED: dict[str, tuple[Callable[[SmallDisk, int], None], str]] = {
    "full": (lambda disk, added: disk.leave(0), ROOM),
    "room for 70 %": (lambda disk, added: disk.leave(added * 7 // 10), ROOM),
    "read-only": (lambda disk, added: disk.forbid(), PERMISSION),
}
"""What is done to the disk, given the bytes that a stage adds to it; and what a message then names."""


def limited(clone: Clone, stage: str, memory: int) -> tuple[subprocess.CompletedProcess[str], int]:
    """Run a stage with little memory; return how it ended, and its largest resident memory in bytes."""
    told = clone.root.parent / "resident"
    told.unlink(missing_ok=True)
    limit = {"HOOK": "tests.survival.limited", "LIMIT": f"{memory}|{told}"}
    result = Clone(clone.root, clone.extra | limit).run("python", "-m", "hbir", *stage.split(), check=False)
    return result, int(told.read_text()) if told.exists() else 0


def test_every_stage_is_content_with_3_gb(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
):
    clone = make_clone(tmp_path / "hbir")
    clone.configure(merged=[0.5])
    for stage in STAGES:
        result, resident = limited(clone, stage, MEMORY)
        with capsys.disabled():
            click.echo(f"{stage}: {resident / 1e6:.0f} MB")
        assert result.returncode == 0, f"{stage}: {result.stderr}"
        assert 0 < resident < MEMORY, stage
    record_property("starved", len(STAGES))
    for stage in ("train xx", "score xx"):  # else the limit could be none
        result, _ = limited(clone, stage, TOO_LITTLE)
        assert result.returncode, stage
        assert plain(clone, stage).returncode == 0


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk() as disk:
        yield disk


def test_every_stage_goes_on_once_there_is_room(
    disk: SmallDisk, capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
):
    clone = make_clone(disk.root / "hbir")
    clone.configure(merged=[0.5])
    wrong: list[str] = []
    starved = 0
    for stage in STAGES:
        before, used = tree(clone.root), disk.used
        plain(clone, stage)
        after, added = tree(clone.root), disk.used - used
        for how, (starve, wanted) in STARVED.items():
            restore(clone, before)
            starve(disk, added)
            result = plain(clone, stage, check=False)
            disk.widen()
            again = plain(clone, stage, check=False)
            faults = faults_of(stage, how, wanted, result) + other(tree(clone.root), after)
            faults += [f"the next run failed: {again.stderr[-2000:]}"] if again.returncode else []
            wrong += [f"{stage}, {how}: {fault}" for fault in faults]
            starved += result.returncode != 0
            with capsys.disabled():
                click.echo(f"{stage}, {how}: {'; '.join(faults) or said(result)}")
        restore(clone, after)
    record_property("starved", starved)
    assert not wrong, "\n".join(wrong)
    assert starved >= 2 * len(STAGES)


MAPPED = """
from hbir.batching import text_keys
from hbir.core.errors import HbirError

text_keys._HELD = 1
try:
    with text_keys.text_hashes((1 << 17, 4)) as hashes:
        hashes._flat[:] = 1
except HbirError as error:
    raise SystemExit(str(error))
"""
"""Maps a file of 4 MiB and fills it."""


def test_a_mapped_file_is_made_where_there_is_room_or_not_at_all(disk: SmallDisk):
    """The system kills a process (SIGBUS) that writes to a page for which the disk has no room."""
    for free, code, said in ((1 << 20, 1, "room on the disk"), (1 << 23, 0, "")):
        disk.leave(free)
        command = [sys.executable, "-c", MAPPED]
        environ = {**os.environ, "DVC_ROOT": str(disk.root)}
        result = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert result.returncode == code, result
        assert said in result.stderr
        assert not list(disk.root.rglob("hashes"))


def faults_of(stage: str, how: str, wanted: str, result: subprocess.CompletedProcess[str]) -> list[str]:
    """Say what was wrong with how a command ended. Caches may be done without; `evaluate` may lack MLflow."""
    wrong = []
    vital = how in ("full", "read-only") and stage != "evaluate"
    if result.returncode not in (0, 1) or (vital and not result.returncode):
        wrong.append(f"exit code {result.returncode}: {said(result)}")
    if "Traceback" in result.stderr or (result.returncode and wanted not in said(result)):
        wrong.append(f"no plain line: {result.stderr[-2000:]}")
    return wrong


def other(found: dict[str, bytes], whole: dict[str, bytes]) -> list[str]:
    """Compare the outputs with those of an unbroken run."""
    changed = [f"other bytes: {name}" for name in whole if found.get(name) != whole[name]]
    return changed + [f"left behind: {name}" for name in found if name not in whole]


def said(result: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    return lines[-1][-300:] if lines else ""
