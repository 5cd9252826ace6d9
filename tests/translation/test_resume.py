"""A translation is stopped in every way there is, and goes on: the same bytes, and nothing twice."""

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.translation import fakes

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.translation.fakes"]


def run(folder: Path, *options: str) -> int:
    return subprocess.run([*COMMAND, str(folder), *options], cwd=ROOT, check=False).returncode


def logged(folder: Path) -> Counter[str]:
    return Counter((folder / "log").read_text(encoding="utf-8").splitlines())


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("whole")
    fakes.main(str(folder))
    return folder


@pytest.mark.parametrize("last", ["0", "7", "20"])
def test_killed_in_a_batch(tmp_path, whole, last):
    assert run(tmp_path, "0", last) == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    assert run(tmp_path) == 0
    assert (tmp_path / "out").read_bytes() == (whole / "out").read_bytes()
    assert logged(tmp_path) == logged(whole)
    assert set(logged(tmp_path).values()) == {1}


def test_killed_again_and_again(tmp_path, whole):
    killed = 0
    while run(tmp_path, "0", "9"):
        killed += 1
    assert killed >= 3
    assert (tmp_path / "out").read_bytes() == (whole / "out").read_bytes()
    assert set(logged(tmp_path).values()) == {1}


def started(folder: Path, lines: int, seconds: str = "0.05") -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [*COMMAND, str(folder), seconds], cwd=ROOT, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    while not (folder / "log").exists() or sum(logged(folder).values()) < lines:
        assert process.poll() is None
        time.sleep(0.005)
    return process


@pytest.mark.parametrize("lines", [1, 60])
def test_killed_from_outside(tmp_path, whole, lines):
    with started(tmp_path, lines) as process:
        process.kill()
    assert process.returncode == -signal.SIGKILL
    done = logged(tmp_path)
    assert 0 < done.total() < logged(whole).total()
    assert run(tmp_path) == 0
    assert (tmp_path / "out").read_bytes() == (whole / "out").read_bytes()
    # Between a batch's end and its commit there is a moment: no more than that batch may be done again.
    again = [text for text, count in logged(tmp_path).items() if count > 1]
    assert set(logged(tmp_path).values()) <= {1, 2}
    assert set(again) <= set(list(done)[-20:])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop(tmp_path, whole, number):
    with started(tmp_path, 30) as process:
        process.send_signal(number)
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode != 0
    kept = logged(tmp_path).total()
    assert f"es: stopped; {kept} sentences of this run are kept in {tmp_path}/es.sqlite" in said
    assert "run the command again to go on" in said
    assert run(tmp_path) == 0
    assert (tmp_path / "out").read_bytes() == (whole / "out").read_bytes()
    assert set(logged(tmp_path).values()) == {1}


def test_two_processes_translate_the_same(tmp_path, whole):
    with started(tmp_path, 1, "0.02"):
        assert run(tmp_path) == 0
        first = (tmp_path / "out").read_bytes()
    assert first == (whole / "out").read_bytes()
    assert (tmp_path / "out").read_bytes() == first
