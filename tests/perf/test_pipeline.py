"""Where the time of the pipeline goes: what is noted of a process, and the table."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from perf import timed_process
from perf.pipeline import read_processes, shorten, table
from perf.timed_process import LOG

NOTED = [
    {
        "arguments": ["-m", "hbir", "inputs"],
        "start": 12,
        "end": 15,
        "cpu": 2.5,
        "memory": 80,
        "written": 1,
        "imports": 1.25,
    },
    {
        "arguments": ["-m", "hbir", "train", "xx"],
        "start": 16,
        "end": 26,
        "cpu": 19,
        "memory": 900,
        "written": 2.5,
        "imports": 4,
    },
]


def test_the_time_between_two_processes_is_dvcs():
    inputs, train = read_processes([json.dumps(row) for row in NOTED], start=10)
    assert (inputs.name, inputs.wall, inputs.rest, inputs.before) == ("inputs", 3, 1.75, 2)
    assert (train.name, train.wall, train.rest, train.before) == ("train xx", 10, 6, 1)


def test_the_table_adds_up():
    rows = table(read_processes([json.dumps(row) for row in NOTED], start=10), after=0.5)
    assert rows[-1] == ("total", "13.00", "21.50", "5.25", "7.75", "3.50", "900", "3.5")
    assert [row[0] for row in rows] == ["stage", "inputs", "train xx", "dvc, at its end", "total"]


@pytest.mark.parametrize("code", [0, 3])
def test_a_process_is_run_and_noted(tmp_path: Path, code: int):
    log = tmp_path / "log"
    script = f"import sys, json; print('out'); print('err', file=sys.stderr); sys.exit({code})"
    result = subprocess.run(
        [sys.executable, "-I", "-S", timed_process.__file__, "-c", script],
        env=os.environ | {LOG: str(log)},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout, result.stderr) == (code, "out\n", "err\n")
    (process,) = read_processes(log.read_text().splitlines(), start=0)
    assert process.name == f"-c {script}"
    assert 0 < process.imports < process.wall
    assert process.cpu > 0
    assert process.memory > 1
    assert list(tmp_path.iterdir()) == [log]


def test_a_clones_trainings_are_shortened(tmp_path: Path):
    (tmp_path / "params.yaml").write_text("batches:\n  size: 64\n  steps: 800      # steps\n")
    shorten(tmp_path, 20)
    assert (tmp_path / "params.yaml").read_text() == "batches:\n  size: 64\n  steps: 20      # steps\n"
    (tmp_path / "params.yaml").write_text("batches: {}\n")
    with pytest.raises(click.ClickException, match="found 0"):
        shorten(tmp_path, 20)
