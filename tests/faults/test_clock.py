"""A clock that was wrong: files of the future, of the past, and with times that were set back."""

import os
import time
from pathlib import Path

import pytest

from hbir.core.errors import DataError
from hbir.core.steady import _said, steady
from hbir.inputs.digests import LARGE, Digests
from hbir.inputs.kept import Names, kept
from hbir.training.checkpoint import Checkpoints
from tests.faults.harness import contents
from tests.pipeline.project import make_clone

YEAR = 365 * 24 * 3600
TIMES = {"past": 1, "future": time.time() + 100 * YEAR}


@pytest.mark.parametrize("when", TIMES)
def test_a_changed_file_is_read_again_whatever_its_time(tmp_path: Path, when: str):
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(b"a" * LARGE)
    os.utime(path, (TIMES[when], TIMES[when]))

    def digest() -> str:
        digests = Digests(tmp_path / "digests.json")
        found = digests.of(str(path), "here")
        digests.save()
        return found

    before = digest()
    assert digest() == before
    with path.open("r+b") as stream:  # in place, as long, and with the time that it had
        stream.write(b"b")
    os.utime(path, (TIMES[when], TIMES[when]))
    assert digest() != before


@pytest.mark.parametrize("when", TIMES)
def test_a_file_that_changes_while_it_is_read_is_refused_whatever_its_time(tmp_path: Path, when: str):
    path = tmp_path / "pairs.jsonl"
    path.write_text("a")
    with steady(path):
        pass
    with pytest.raises(DataError, match="a file that nobody writes to while it is read"), steady(path):
        os.utime(path, (TIMES[when], TIMES[when]))


def test_a_time_that_no_calendar_has_is_told_in_seconds():
    assert _said((5, 10**21, 1)) == "5 bytes of 1000000000000.000 seconds"
    assert _said((5, -(10**21), 1)).endswith("seconds")


@pytest.mark.parametrize("when", TIMES)
def test_a_state_is_found_by_its_name_whatever_its_time(tmp_path: Path, when: str):
    states = Checkpoints(tmp_path / "xx-1")
    states.save({"step": 3, "model": {}, "optimizer": {}}, 0)
    for path in tmp_path.rglob("*"):
        os.utime(path, (TIMES[when], TIMES[when]))
    state = states.load()
    assert state
    assert state["step"] == 3


def test_states_of_the_future_make_none_the_last(tmp_path: Path):
    folder = tmp_path / ".hbir/checkpoints"
    for name in ("xx-old", "xx-new", "xy-old", "xy-new"):
        (folder / name).mkdir(parents=True)
    os.utime(folder / "xy-old", (1, 1))
    os.utime(folder / "xx-old", (TIMES["future"], TIMES["future"]))  # then the clock was set right
    place = tmp_path / "none"
    names = Names(
        languages=[], samplers=["xx", "xy"], memory=place, embeddings=place, encoders=set, tokens=lambda: None
    )
    assert [each.path.name for each in kept(tmp_path, names) if not each.is_named] == ["xy-old"]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_pipeline_whose_files_have_other_times_runs_nothing_and_what_changed_runs(tmp_path: Path):
    clone = make_clone(tmp_path / "hbir")
    clone.dvc("repro")
    clone.commit("results")
    before = contents(clone.root / "scores")
    for number, path in enumerate(sorted(clone.root.rglob("*"))):
        if ".git" not in path.parts and ".venv" not in path.parts and not path.is_symlink():
            when = TIMES["past" if number % 2 else "future"]
            os.utime(path, (when, when))
    assert clone.stages_run("repro") == []
    assert clone.run("git", "status", "--porcelain").stdout == ""
    with (clone.root / "stages/score.py").open("a") as stream:
        stream.write("# changed\n")
    os.utime(clone.root / "stages/score.py", (1, 1))  # older than everything that was made with it
    assert [stage.partition("@")[0] for stage in clone.stages_run("repro")] == ["score"] * 3
    assert contents(clone.root / "scores") == before
