"""Every study in its small form: real experiments of real DVC, two at a time, and their report."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hbir.studies.study_file import SMALL, forms_of, read_study
from tests.pipeline.preloaded import programs
from tests.pipeline.project import Clone, environment, make_clone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
ROOT = Path(__file__).parents[2]
STUDIES = sorted(path.stem for path in (ROOT / "studies").glob("*.yaml") if "\nstudy:\n" in path.read_text())
FEW = ("batches.steps=4", "batches.size=8", "train.validation.every=2", "languages=[de,en,es]")
"""What is tested is who runs when, and that a report comes of it."""
ONLY = {"batch-composition": ("32-0.0", "32-0.5", "32-1.0", "16-0.5")}
"""Of twelve experiments of one study, eight."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = make_clone(tmp_path_factory.mktemp("studies") / "hbir")
    clone.dvc("repro", "encoder")  # the translations are in the cache
    clone.commit("translated")
    return clone


def experiments(clone: Clone) -> set[str]:
    lines = clone.run("git", "for-each-ref", "--format=%(refname)", "refs/exps").stdout.split()
    return {line.rpartition("/")[2] for line in lines if not line.startswith("refs/exps/exec")}


@pytest.mark.parametrize("name", STUDIES)
def test_a_small_study_runs_once_and_is_reported(name: str, clone: Clone, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    assert SMALL in forms_of(name)
    study = read_study(name, SMALL)
    asked = [name, "--small", *(part for change in FEW for part in ("-S", change))]
    asked += [part for cell in ONLY.get(name, ()) for part in ("--only", cell)]
    ran = clone.run("python", "-m", "hbir", "study", "run", *asked).stdout
    assert "FAILED" not in ran
    made = set(re.findall(r"\] (\S+): done in", ran))
    assert made <= experiments(clone)
    again = clone.run("python", "-m", "hbir", "study", "run", *asked).stdout
    assert ", 0 to make." in again
    said = clone.run("python", "-m", "hbir", "study", "report", *asked).stdout
    assert said.startswith(study.question)
    page = (clone.root / f"studies/reports/{study.name or 'seeds'}/report.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {study.question}\n\n")
    assert "Beside `" in page
    for drawing in re.findall(r"\]\((\S+\.svg)\)", page):
        assert (clone.root / f"studies/reports/{study.name}/{drawing}").is_file()
    assert clone.run("git", "status", "--porcelain").stdout == ""


def processes_in(root: Path) -> list[str]:
    """List what runs in a folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cwd").resolve().is_relative_to(root):
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue  # it ended, or is somebody else's
    return found


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "killed"])
def test_who_is_stopped_leaves_no_training_and_the_next_run_ends_as_if_it_had_not_been(
    number: int, clone: Clone
):
    """The trainings are longer than the others here, and each stage is a Python of its own, as with a user."""
    changes = ("batches.steps=300", "batches.size=8", "tracking.checkpoint_every=5", "train.temperature=0.06")
    command = [sys.executable, "-m", "hbir", "study", "run", "seeds", "--small", "--only", "seed-1"]
    command += [part for change in changes for part in ("-S", change)]
    name, reference = "seeds-small-seed-1", "refs/exps/*/*/seeds-small-seed-1"
    clone.run("dvc", "exp", "remove", name, check=False)
    clone.run(*command)
    whole = clone.run("git", "for-each-ref", "--format=%(tree)", reference).stdout
    clone.run("dvc", "exp", "remove", name)
    shutil.rmtree(clone.root / ".dvc/cache/runs")  # else DVC finds the trainings there
    log = clone.root / f".hbir/studies/seeds-small/{name}.log"
    log.unlink()
    path = os.pathsep.join(part for part in environment()["PATH"].split(os.pathsep) if part != str(programs()))
    with subprocess.Popen(
        command,
        cwd=clone.root,
        env={**environment(), "PATH": path},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 600
        while not (log.exists() and "Running stage 'train_" in log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.2)
        os.kill(process.pid, number)
        output = process.communicate(timeout=300)[0]
    while (left := processes_in(clone.root)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert left == []
    assert "Stopped: 1 are left" in output or number == signal.SIGKILL
    assert name not in experiments(clone)
    assert clone.run("git", "status", "--porcelain").stdout == ""
    assert "All 1 are there" in clone.run(*command).stdout
    assert clone.run("git", "for-each-ref", "--format=%(tree)", reference).stdout == whole != ""
