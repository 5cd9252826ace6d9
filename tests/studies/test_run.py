"""A study runs what is missing, goes on after a fault, and stops with all that it started."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hbir.commands.study import study
from hbir.core.errors import DataError, HbirError, ParamsError
from hbir.studies import processes, run
from hbir.studies.run import last_error
from hbir.studies.words import duration, listed
from tests.studies.processes import wait_until_gone
from tests.studies.repository import git, make_repository, params_with, save_all, save_experiment

ROOT = Path(__file__).parents[2]
FAKE = Path(__file__).with_name("fake_dvc.py")
ALL = [f"curve-{alpha}-seed-{seed}" for seed in (1, 2) for alpha in ("0.0", "0.5", "1.0")]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = make_repository(tmp_path / "project")
    monkeypatch.chdir(root)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(processes, "DVC", (sys.executable, str(FAKE)))
    monkeypatch.setattr("hbir.studies.plan.check", lambda params: None)
    return root


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(study, arguments, catch_exceptions=False)


def behave(project: Path, **names: list[str]) -> None:
    (project / ".git/behaviour.json").write_text(json.dumps({k.replace("_", "-"): v for k, v in names.items()}))


def calls(project: Path) -> list[str]:
    path = project / ".git/calls"
    return [line.strip() for line in path.read_text().splitlines()] if path.exists() else []


def noted(project: Path, word: str) -> list[str]:
    return [line.split()[1] for line in calls(project) if line.startswith(f"{word} ")]


def experiments(project: Path) -> list[str]:
    return sorted(line.rpartition("/")[2] for line in git(project, "for-each-ref", "refs/exps").splitlines())


def test_what_is_missing_is_made_and_nothing_twice(project: Path):
    first = invoke("run", "curve", "--only", "seed-1")
    assert "curve-0.5-seed-1: done in" in first.output
    assert experiments(project) == sorted(ALL[:3])
    second = invoke("run", "curve", "--jobs", "2")
    assert "6 experiments from commit" in second.output
    assert "3 there, 3 to make" in second.output
    assert experiments(project) == sorted(ALL)
    assert sum(line.startswith("begin") for line in calls(project)) == 6
    third = invoke("run", "curve")
    assert "Next: `python -m hbir study report curve`" in third.output
    assert sum(line.startswith("begin") for line in calls(project)) == 6


def test_show_refuses_what_a_run_would_refuse(project: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(params: dict[str, Any]) -> None:
        raise ParamsError(where="params.yaml", expected="less", found="more", hint="Less.")

    monkeypatch.setattr("hbir.studies.plan.check", refuse)
    for arguments in (("show", "curve"), ("run", "curve", "--dry-run")):
        with pytest.raises(ParamsError, match="experiment curve-0.0-seed-1: params.yaml: expected less"):
            invoke(*arguments)
    head = git(project, "rev-parse", "HEAD")
    assert "curve-0.0-seed-1: missing" in invoke("show", "curve", "--baseline", head).output


def test_each_line_says_how_far_it_is_and_where_its_log_is(project: Path):
    output = invoke("run", "curve", "--only", "seed-1").output
    assert "curve-0.0-seed-1: started, log in .hbir/studies/curve/curve-0.0-seed-1.log" in output
    assert "[1/3] curve-0.0-seed-1: done in" in output
    assert "; 2 left, about " in output
    assert "left" not in output.split("[3/3]")[1]
    log = project / ".hbir/studies/curve/curve-0.0-seed-1.log"
    assert log.read_text().startswith("Reproducing experiment 'curve-0.0-seed-1'")


def test_what_shares_trainings_waits_until_they_are_there(project: Path):
    """Both seeds begin at once; the other values of a seed wait for its first, whose xx and xy are theirs."""
    invoke("run", "curve", "--jobs", "6")
    began = [line.split()[1] for line in calls(project) if line.startswith("begin")]
    assert set(began[:2]) == {"curve-0.0-seed-1", "curve-0.0-seed-2"}
    lines = calls(project)
    for seed in (1, 2):
        first = lines.index(f"end curve-0.0-seed-{seed}")
        assert all(lines.index(f"begin curve-{alpha}-seed-{seed}") > first for alpha in ("0.5", "1.0"))


def test_a_failure_is_named_with_its_log_and_stops_no_other(project: Path):
    behave(project, **{"curve-0.0-seed-1": ["fail"]})
    with pytest.raises(DataError, match=r"1 that failed.*curve-0.0-seed-1.log"):
        invoke("run", "curve")
    assert experiments(project) == sorted(ALL[1:])
    assert "curve-0.0-seed-1: missing: failed, stopped or running, see .hbir" in invoke("show", "curve").output
    assert invoke("run", "curve").exit_code == 0
    assert experiments(project) == sorted(ALL)


def test_one_that_another_process_took_is_begun_again_when_nothing_else_runs(project: Path):
    behave(project, **{"curve-0.0-seed-1": ["taken"]})
    assert invoke("run", "curve", "--jobs", "2").exit_code == 0
    lines = calls(project)
    again = len(lines) - 1 - lines[::-1].index("begin curve-0.0-seed-1")
    assert sum(line.startswith("begin curve-0.0-seed-1") for line in lines) == 2
    begun, ended = ([line.split()[1] for line in lines[:again] if line.startswith(w)] for w in ("begin", "end"))
    assert sorted(begun) == sorted(ended)


def test_nothing_starts_while_another_ends(project: Path):
    """DVC looks at its list again then, and would take what is put there."""
    save_all(project, alphas=(0.0,))
    behave(project, **{"curve-0.5-seed-1": ["linger"]})
    assert invoke("run", "curve", "--jobs", "3").exit_code == 0
    lines = calls(project)
    assert lines[1:3] == ["ending curve-0.5-seed-1", "end curve-0.5-seed-1"]
    assert experiments(project) == sorted(ALL)


def test_one_that_never_comes_is_a_failure(project: Path):
    behave(project, **{"curve-0.0-seed-1": ["taken"] * 9})
    with pytest.raises(DataError, match="1 that failed"):
        invoke("run", "curve", "--only", "curve-0.0-seed-1")
    assert sum(line.startswith("begin") for line in calls(project)) == run.TRIES


def test_one_whose_name_dvc_lost_gets_it_back(project: Path):
    behave(project, **{"curve-0.5-seed-1": ["nameless"]})
    output = invoke("run", "curve", "--only", "seed-1").output
    assert "curve-0.5-seed-1: DVC called it exp-1a2b3, and it has its name again" in output
    assert experiments(project) == sorted(ALL[:3])
    assert len(noted(project, "begin")) == 3
    parent = git(project, "for-each-ref", "--format=%(parent)", f"refs/exps/**/{ALL[1]}")
    assert parent == git(project, "rev-parse", "HEAD")


def test_one_that_another_lock_kept_out_is_begun_again(project: Path):
    behave(project, **{"curve-0.0-seed-1": ["locked"], "curve-0.5-seed-1": ["locked"]})
    assert "FAILED" not in invoke("run", "curve", "--jobs", "2", "--only", "seed-1").output
    assert experiments(project) == sorted(ALL[:3])
    assert len(noted(project, "begin")) == 5


def test_what_a_killed_process_left_on_dvcs_list_is_not_run_twice(project: Path):
    head = git(project, "rev-parse", "HEAD")
    for name in ("mine", ALL[3], "other", ALL[0]):
        message = f"commit: dvc-exp:{head}:{head}:{name}"
        commit = git(project, "commit-tree", "HEAD^{tree}", "-p", head, "-m", message)
        git(project, "update-ref", "--create-reflog", "-m", message, "refs/exps/stash", commit)
    output = invoke("run", "curve", "--only", ALL[3], "--only", ALL[0]).output
    assert f"{ALL[3]}: begun once and killed; it is begun anew" in output
    listed = git(project, "reflog", "show", "--format=%gs", "refs/exps/stash").splitlines()
    assert [line.rpartition(":")[2] for line in listed] == ["other", "mine"]
    left = git(project, "rev-parse", "refs/exps/stash")
    assert git(project, "log", "-1", "--format=%s", left).endswith(":other")


@pytest.mark.parametrize(
    ("number", "send"),
    [
        (signal.SIGINT, os.kill),
        (signal.SIGINT, os.killpg),
        (signal.SIGTERM, os.kill),
        (signal.SIGKILL, os.kill),
    ],
    ids=["ctrl-c", "ctrl-c to its group", "termination", "killed"],
)
def test_who_is_stopped_leaves_no_process_and_the_next_run_goes_on(
    project: Path, number: int, send: Callable[[int, int], None]
):
    behave(project, **{"curve-0.0-seed-1": ["hang"], "curve-0.0-seed-2": ["hang"]})
    code = (
        "import sys\nfrom hbir.studies import plan, processes\n"
        f"processes.DVC = (sys.executable, {str(FAKE)!r})\nplan.check = lambda params: None\n"
        "from hbir.commands.study import study\nstudy(['run', 'curve', '--jobs', '2', '--only', '0.0'])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=project,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 60
        while len(noted(project, "process")) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        send(process.pid, number)
        output = process.communicate(timeout=60)[0]
    wait_until_gone([int(pid) for pid in noted(project, "process")])
    assert set(noted(project, "interrupted")) == {"curve-0.0-seed-1", "curve-0.0-seed-2"}
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert "Stopped: 2 are left. The same command goes on." in output
    assert invoke("run", "curve", "--jobs", "2", "--only", "0.0").exit_code == 0
    assert experiments(project) == ["curve-0.0-seed-1", "curve-0.0-seed-2"]


def test_an_experiment_of_another_name_with_the_same_params_counts(project: Path):
    changed = params_with({"batches.hybrid.alpha": 0.5, "seed": 2, "threads": 1, "tracking.log_every": 7})
    save_experiment(project, "mine", changed)
    assert "curve-0.5-seed-2: there, as mine" in invoke("show", "curve").output


def test_an_experiment_that_compares_more_counts_and_one_that_compares_less_does_not(project: Path):
    changed = params_with({"batches.hybrid.alpha": 0.5, "seed": 2, "threads": 1})
    save_experiment(project, "more", changed | {"baselines": ["mixed"], "rivals": ["initial"]})
    assert "curve-0.5-seed-2: there, as more" in invoke("show", "curve").output
    save_experiment(project, "curve-0.5-seed-1", changed | {"seed": 1, "samplers": ["hybrid"]})
    assert "curve-0.5-seed-1: has other params: samplers" in invoke("show", "curve").output


def test_the_commits_own_results_count_where_they_are_of_its_params(project: Path):
    (project / "studies/curve.yaml").write_text("study: {question: Seeds?, name: '', seeds: [1, 2]}\n")
    (project / "metrics").mkdir()
    (project / "metrics/hybrid.json").write_text("{}")
    params = "{seed: SEED, batches: {size: 8, steps: 4, hybrid: {alpha: 0.5}}}"
    old = "score@mixed: {params: {params.yaml: {seed: 9}}}"  # not compared any more: DVC leaves it there
    lock = f"stages: {{train: {{params: {{params.yaml: {params}}}}}, {old}}}"
    for seed, state in ((1, "there, as"), (7, "missing")):
        (project / "dvc.lock").write_text(lock.replace("SEED", str(seed)))
        git(project, "add", ".")
        git(project, "commit", "--quiet", "--message", "results")
        assert f"seed-1: {state}" in invoke("show", "curve").output


def test_an_experiment_with_other_params_is_refused(project: Path):
    save_experiment(project, "curve-0.5-seed-1", params_with({"seed": 1, "threads": 1, "batches.steps": 99}))
    with pytest.raises(DataError, match=r"batches.steps: 99 instead of 4.*dvc exp remove curve-0.5-seed-1"):
        invoke("run", "curve")
    assert "curve-0.5-seed-1: has other params: batches.steps" in invoke("show", "curve").output
    assert calls(project) == []


def test_changes_outside_of_git_are_refused(project: Path):
    (project / "params.yaml").write_text((project / "params.yaml").read_text() + "\n# a change\n")
    with pytest.raises(
        ParamsError, match="no change that is not in Git, found params.yaml.*starts from a commit"
    ):
        invoke("run", "curve")
    git(project, "checkout", "--quiet", "params.yaml")
    (project / "stages/__init__.py").write_text("# a change\n")
    with pytest.raises(ParamsError, match="found stages/__init__.py"):
        invoke("run", "curve")
    assert calls(project) == []


@pytest.mark.parametrize(
    "arguments", [("run", "curvy"), ("run", "curve", "--only", "0.55"), ("show", "curve", "--baseline", "x")]
)
def test_a_wrong_name_starts_nothing(project: Path, arguments: tuple[str, ...]):
    with pytest.raises(HbirError):
        invoke(*arguments)
    assert calls(project) == []


def test_params_that_the_pipeline_would_refuse_start_nothing(project: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(params: dict[str, Any]) -> None:
        if params["batches"]["hybrid"]["alpha"] == 1.0:
            raise ParamsError(where="params.yaml: batches", expected="less", found="1.0", hint="Lower it.")

    monkeypatch.setattr("hbir.studies.plan.check", refuse)
    with pytest.raises(ParamsError, match="experiment curve-1.0-seed-1: params.yaml: batches: expected less"):
        invoke("run", "curve")
    assert calls(project) == []


def test_the_list_counts_what_is_there(project: Path):
    (project / "studies/plain.yaml").write_text("threads: 1\n")
    (project / "studies/broken.yaml").write_text("study: {question: 3, seeds: [1]}\n")
    save_all(project, seeds=(1,))
    output = invoke("list").output
    assert "curve: Which α?\n    3 of 6 there, --small 0 of 9 there" in output
    assert "plain: params alone" in output
    assert "broken: studies/broken.yaml: study.question: expected" in output


def test_words():
    assert [duration(seconds) for seconds in (4.6, 200, 7800)] == ["5 s", "3 min 20 s", "2 h 10 min"]
    assert [listed("abc"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert listed("abcde", 2) == "a, b and 3 more"


def test_the_error_of_a_log_is_hbirs_own_else_dvcs_else_its_last_line():
    assert last_error("x\nError: mine\nERROR: dvc's\n") == "Error: mine"
    assert last_error("x\nERROR: dvc's\nlast\n") == "ERROR: dvc's"
    assert last_error("x\nlast\n\n") == "last"
    assert last_error("") == "it said nothing"
