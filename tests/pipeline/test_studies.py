"""Every study in its small form: real experiments of real DVC, two at a time, and their report."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hbir.studies.study_file import SMALL, forms_of, read_study
from tests.pipeline.project import Clone, environment, make_clone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
ROOT = Path(__file__).parents[2]
STUDIES = sorted(path.stem for path in (ROOT / "studies").glob("*.yaml") if "\nstudy:\n" in path.read_text())
FEW = ("-S", "batches.steps=4", "-S", "batches.size=8", "-S", "train.validation.every=2")
"""What is tested is who runs when, and that a report comes of it."""


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
    ran = clone.run("python", "-m", "hbir", "study", "run", name, "--small", *FEW).stdout
    assert "FAILED" not in ran
    made = set(re.findall(r"\] (\S+): done in", ran))
    assert made <= experiments(clone)
    again = clone.run("python", "-m", "hbir", "study", "run", name, "--small", *FEW).stdout
    assert ", 0 to make." in again
    said = clone.run("python", "-m", "hbir", "study", "report", name, "--small", *FEW).stdout
    assert said.startswith(study.question)
    page = (clone.root / f"studies/reports/{study.name or 'seeds'}/report.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {study.question}\n\n")
    assert "Beside `" in page
    for drawing in re.findall(r"\]\((\S+\.svg)\)", page):
        assert (clone.root / f"studies/reports/{study.name}/{drawing}").is_file()
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_ctrl_c_leaves_no_training_and_the_next_run_goes_on(clone: Clone):
    """A training that is stopped keeps its state, so it is longer than the others here."""
    changes = ("batches.steps=300", "batches.size=8", "tracking.checkpoint_every=5", "train.temperature=0.06")
    command = [sys.executable, "-m", "hbir", "study", "run", "seeds", "--small", "--only", "seed-1"]
    command += [part for change in changes for part in ("-S", change)]
    clone.run("dvc", "exp", "remove", "seeds-small-seed-1", check=False)
    log = clone.root / ".hbir/studies/seeds-small/seeds-small-seed-1.log"
    log.unlink(missing_ok=True)
    with subprocess.Popen(
        command, cwd=clone.root, env=environment(), stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 300
        while not (log.exists() and "Running stage 'train_" in log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.2)
        os.kill(process.pid, signal.SIGINT)
        output = process.communicate(timeout=120)[0]
    assert "Stopped: 1 are left" in output
    assert "seeds-small-seed-1" not in experiments(clone)
    assert clone.run("git", "status", "--porcelain").stdout == ""
    assert "All 1 are there" in clone.run(*command).stdout
