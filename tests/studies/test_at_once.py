"""Trainings run side by side, each with a GPU in turn, then scorings, then the rest of the pipeline."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from hbir.commands.repro import repro
from hbir.core.errors import DataError, ParamsError
from hbir.core.params import read_params
from hbir.core.project import read_project
from hbir.studies import at_once, processes
from hbir.studies.at_once import run_at_once, steps

ROOT = Path(__file__).parents[2]
FAKE = Path(__file__).with_name("fake_repro.py")
TRAININGS = ["train_xx", "train_xy", "train_hybrid"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "stages").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(processes, "DVC", (sys.executable, str(FAKE)))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


def calls(project: Path) -> list[str]:
    return (project / ".calls").read_text(encoding="utf-8").splitlines()


def run(project: Path, jobs: int, monkeypatch: pytest.MonkeyPatch, gpus: list[str]) -> list[str]:
    monkeypatch.setattr(at_once, "gpus", lambda: gpus)
    lines: list[str] = []
    ended = run_at_once([TRAININGS], jobs, project, lines.append)
    assert not ended.is_stopped
    return lines


def test_trainings_run_side_by_side_each_on_a_gpu(project: Path, monkeypatch: pytest.MonkeyPatch):
    (project / ".waits").write_text("train_xx", encoding="utf-8")  # for the end of train_hybrid
    lines = run(project, 2, monkeypatch, ["0", "3"])
    found = calls(project)
    assert found[:2] == ["begin repro build_batches encoder -", "end repro build_batches encoder"]
    assert "begin repro --single-item train_xx 0" in found
    assert "begin repro --single-item train_xy 3" in found
    third = found.index("begin repro --single-item train_hybrid 3")
    assert "end repro --single-item train_xy" in found[:third]
    assert found[-1] == "end repro --single-item train_xx"
    assert "train_xx: started on GPU 0, log in .hbir/repro/train_xx.log" in lines


def test_without_gpus_nothing_is_chosen(project: Path, monkeypatch: pytest.MonkeyPatch):
    lines = run(project, 3, monkeypatch, [])
    assert all(line.endswith(" -") for line in calls(project) if line.startswith("begin"))
    assert sum("done in" in line for line in lines) == 4


@pytest.mark.parametrize(("fails", "begun"), [("encoder", 1), ("train_xx", 2)])
def test_after_a_fault_none_begins_and_its_log_is_named(project: Path, monkeypatch, fails: str, begun: int):
    (project / ".fails").write_text(fails, encoding="utf-8")
    lines = run(project, 1, monkeypatch, [])
    assert sum(line.startswith("begin") for line in calls(project)) == begun
    name = "before" if fails == "encoder" else fails
    assert lines[-1].startswith(f"{name}: FAILED after ")
    assert lines[-1].endswith(": Error: params.yaml: wrong. Mend it.")
    assert "Mend it" in (project / f".hbir/repro/{name}.log").read_text(encoding="utf-8")


MINIATURE = """
stages:
  build_batches: {cmd: echo a > plan, outs: [plan]}
  encoder: {cmd: echo a > initial, outs: [initial]}
"""
TRAINING = """  {name}:
    cmd: date +%s > {name} && sleep 30 && date +%s >> {name}
    deps: [plan, initial]
    outs: [{name}]
"""


@pytest.mark.slow
def test_dvc_itself_runs_stages_side_by_side_and_records_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It documents that several commands may run at once; dvc.lock is whole afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    text = MINIATURE + "".join(TRAINING.format(name=name) for name in TRAININGS)
    (tmp_path / "dvc.yaml").write_text(text, encoding="utf-8")
    subprocess.run([*processes.DVC, "init", "--no-scm", "--quiet"], check=True)
    lines: list[str] = []
    ended = run_at_once([TRAININGS], 3, tmp_path, lines.append)
    assert not ended.failed, lines
    times = [[float(word) for word in (tmp_path / name).read_text().split()] for name in TRAININGS]
    assert max(begin for begin, _ in times) < min(end for _, end in times)
    lock = YAML(typ="safe").load(tmp_path / "dvc.lock")
    assert set(lock["stages"]) == {"build_batches", "encoder", *TRAININGS}
    again = subprocess.run([*processes.DVC, "repro"], check=True, capture_output=True, text=True)
    assert "Running stage" not in again.stdout


def invoke(jobs: int, monkeypatch: pytest.MonkeyPatch, last: list[list[str]]) -> Result:
    monkeypatch.setattr(os, "execv", lambda program, words: last.append(words))
    return CliRunner().invoke(repro, ["--jobs", str(jobs)], catch_exceptions=False)


def test_the_command_ends_with_the_whole_pipeline(project: Path, monkeypatch: pytest.MonkeyPatch):
    yaml = YAML()
    params = yaml.load(project / "params.yaml")
    params["baselines"], params["merged"], params["rivals"] = ["mixed"], [0.5], ["initial"]
    yaml.dump(params, project / "params.yaml")
    last: list[list[str]] = []
    result = invoke(4, monkeypatch, last)
    assert result.exit_code == 0, result.output
    assert last == [[sys.executable, str(FAKE), "repro"]]
    begun = [line.split()[-2] for line in calls(project) if line.startswith("begin repro --single-item")]
    scored = ["score@xx", "score@xy", "score@hybrid", "score_baseline@mixed", "score_rival@initial"]
    assert set(begun[:4]) == {*TRAININGS, "train_baseline@mixed"}
    assert begun[4] == "merge@0.5"  # needs trainings, and its scoring needs it
    assert set(begun[5:]) == {*scored, "score_merged@0.5"}
    invoke(1, monkeypatch, last)
    assert len(last) == 2
    assert sum("build_batches" in line for line in calls(project)) == 2  # begin and end, of the first time


def test_steps_are_stages_of_the_pipeline_and_none_is_forgotten():
    """Adjusted rows alone are left to the `dvc repro` at the end."""
    params = read_params(ROOT / "params.yaml")
    found = {name.split("@")[0] for step in steps(read_project(params)) for name in step}
    every = {"baselines": ["mixed"], "rivals": ["initial"], "merged": [0.5], "floors": ["bm25"]}
    found |= {name.split("@")[0] for step in steps(read_project(params | every)) for name in step}
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    wanted = {name for name in stages if name.startswith(("train", "merge", "score"))}
    assert found == {name for name in wanted if "adjusted" not in name}


def test_the_command_names_what_failed(project: Path, monkeypatch: pytest.MonkeyPatch):
    (project / ".fails").write_text("train_xy", encoding="utf-8")
    last: list[list[str]] = []
    with pytest.raises(DataError, match=r"train_xy failed. See .*train_xy\.log"):
        invoke(3, monkeypatch, last)
    assert last == []


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("train", "launcher", "torchrun"),
        ("evaluate", "launcher", "torchrun"),
        ("evaluate", "cluster", {"address": "auto", "workers": 2}),
    ],
)
def test_a_launcher_or_a_cluster_leaves_no_gpu_for_others(
    project: Path, monkeypatch: pytest.MonkeyPatch, section: str, key: str, value: object
):
    yaml = YAML()
    params = yaml.load(project / "params.yaml")
    params[section][key] = value
    yaml.dump(params, project / "params.yaml")
    with pytest.raises(ParamsError, match=rf"{section}\.{key}"):
        invoke(2, monkeypatch, [])
