"""Names that DVC lost are given back, and nothing else is touched; once with DVC itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hbir.studies.lost import forget, give_names_back, is_locked_out
from tests.studies.repository import git, make_repository, params_with, save_experiment

MEETING = Path(__file__).with_name("meeting_dvc.py")
RAN = "\nRan experiment(s): {}\nTo apply the results of an experiment to your workspace run:\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project")


def entry(root: Path, name: str) -> str:
    """Make a commit as DVC puts one onto its list."""
    head = git(root, "rev-parse", "HEAD")
    return git(root, "commit-tree", "HEAD^{tree}", "-p", head, "-m", f"dvc-exp:{head}:{head}:{name}")


def names(root: Path) -> dict[str, str]:
    """Return name → baseline."""
    lines = git(root, "for-each-ref", "--format=%(refname)", "refs/exps").splitlines()
    parts = [line.split("/")[2:] for line in lines]
    return {name: first + rest for first, rest, name in parts}


def test_a_lost_name_is_that_of_the_entry(root: Path):
    changed = params_with({"seed": 7})
    save_experiment(root, "exp-11111", changed, head=entry(root, "wanted"))
    tree = git(root, "for-each-ref", "--format=%(tree)", "refs/exps")
    assert give_names_back(root, RAN.format("exp-11111")) == {"exp-11111": "wanted"}
    assert names(root) == {"wanted": git(root, "rev-parse", "HEAD")}
    assert git(root, "for-each-ref", "--format=%(tree)", "refs/exps") == tree


def test_a_name_that_is_there_stays_and_what_was_made_once_more_goes(root: Path):
    kept = save_experiment(root, "wanted", params_with({"seed": 7}))
    save_experiment(root, "exp-11111", params_with({"seed": 7}), head=entry(root, "wanted"))
    assert give_names_back(root, RAN.format("wanted, exp-11111")) == {"exp-11111": "wanted"}
    assert git(root, "for-each-ref", "--format=%(objectname)", "refs/exps") == kept


def test_what_others_ran_or_named_is_left(root: Path):
    save_experiment(root, "exp-22222", params_with({"seed": 8}), head=entry(root, "theirs"))
    save_experiment(root, "exp-33333", params_with({"seed": 9}))  # DVC's own name for one that had none
    before = names(root)
    assert give_names_back(root, RAN.format("exp-33333")) == {}
    assert give_names_back(root, "exp-22222 is on its way\n") == {}
    assert names(root) == before
    assert forget(root, ["theirs"]) == []  # there is no list


def test_only_an_error_about_a_lock_is_one():
    assert is_locked_out("ERROR: Unable to acquire lock. Most likely another DVC process is running\n")
    assert is_locked_out("> x\nERROR: 'workspace' is busy, it is being blocked by:\n  (PID 7): dvc\n")
    assert not is_locked_out("Unable to acquire lock, said a test\nERROR: failed to reproduce 'train_xx'\n")


@pytest.mark.slow
def test_dvc_loses_a_name_and_gets_it_back(tmp_path: Path):
    """Should this fail because both names are there, DVC has learnt to keep them."""
    dvc = (sys.executable, "-m", "dvc")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")}
    (tmp_path / "params.yaml").write_text("x: 1\n")
    (tmp_path / "dvc.yaml").write_text(
        "stages: {one: {cmd: cp params.yaml out.yaml, params: [x], outs: [{out.yaml: {cache: false}}]}}\n"
    )
    git(tmp_path, "init", "--quiet")
    for key in ("name", "email"):
        git(tmp_path, "config", f"user.{key}", "a@b")
    subprocess.run([*dvc, "init", "--quiet"], cwd=tmp_path, check=True, env=environment)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    command = [sys.executable, str(MEETING), "--wait-for-lock", "exp", "run", "--temp"]
    both = [
        subprocess.Popen(
            [*command, "--name", f"n{x}", "-S", f"x={x}"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for x in (2, 3)
    ]
    logs = [process.communicate(timeout=600)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], logs
    lost = [name for name in names(tmp_path) if name.startswith("exp-")]
    assert lost, logs
    head = git(tmp_path, "rev-parse", "HEAD")
    found = [give_names_back(tmp_path, log) for log in logs]
    assert sorted(name for one in found for name in one) == sorted(lost)
    assert names(tmp_path) == {"n2": head, "n3": head}
    for x in (2, 3):
        reference = f"refs/exps/{head[:2]}/{head[2:]}/n{x}:out.yaml"
        assert git(tmp_path, "show", reference) == f"x: {x}"
