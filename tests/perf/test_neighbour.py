"""Steps beside a busy process: rounds in turn, tables by hand, and no figure that other work spoiled."""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from perf import neighbour, quiet
from perf.neighbour import Round, measure, table
from perf.quiet import Others, quietly

linux = pytest.mark.skipif(not Path("/proc/stat").is_file(), reason="only Linux tells what others compute")


class Fake:
    """A training whose steps take what a test says."""

    pid = 0

    def __init__(self, times: list[float], calls: list[str], name: str) -> None:
        self.times, self.calls, self.name = times, calls, name

    def step_time(self, steps: int) -> float:
        self.calls.append(self.name)
        return self.times.pop(0)


def busy_others(monkeypatch: pytest.MonkeyPatch, seconds: list[float]) -> None:
    """Let the system's count of all work give these values, one after the other, then the last for ever."""
    monkeypatch.setattr(quiet, "_STAT", Path(__file__))
    monkeypatch.setattr(quiet, "_LOOK", 0)
    monkeypatch.setattr(quiet, "_own_seconds", lambda _: 0.0)
    monkeypatch.setattr(quiet, "_all_seconds", lambda: seconds.pop(0) if len(seconds) > 1 else seconds[0])


def test_the_table_relates_each_round_to_itself_and_to_the_first_setting():
    found = {"A=1": [Round(100, 280), Round(200, 500), Round(100, 300)], "B=2": [Round(104, 156)] * 3}
    assert table(found)[2:] == [
        "| A=1 | 100 (100 to 200) | 300 (280 to 500) | 2.80 (2.50 to 3.00) | 1.00 (1.00 to 1.00) |",
        "| B=2 | 104 (104 to 104) | 156 (156 to 156) | 1.50 (1.50 to 1.50) | 1.04 (0.52 to 1.04) |",
    ]


def test_settings_take_turns_and_a_round_that_is_not_whole_does_not_count(monkeypatch):
    calls: list[str] = []
    values = {"a": [1.0, 2.0, 3.0, 4.0], "b": [5.0, 6.0, 7.0]}
    trainings: Mapping[str, Any] = {name: Fake(times, calls, name) for name, times in values.items()}
    monkeypatch.setattr(neighbour, "_SPIN", ["true"])
    left = iter([True] * 7 + [False])
    monkeypatch.setattr(neighbour, "quietly", lambda work, *_: work() if next(left) else None)
    assert measure(trainings, 1, 5, 9) == {"a": [Round(1, 2)], "b": [Round(5, 6)]}
    assert calls == ["a", "a", "b", "b", "a", "a", "b"]


def test_what_was_measured_beside_other_work_is_measured_again(monkeypatch):
    #                        not quiet; quiet, but not while measuring; quiet throughout
    busy_others(monkeypatch, [0.0, 5.0, 5.0, 5.0, 5.0, 9.0, 9.0])
    values = [1.0, 2.0]
    assert quietly(lambda: values.pop(0), [], time.monotonic() + 60) == 2.0
    assert values == []


def test_where_it_is_never_quiet_there_is_no_figure(monkeypatch):
    busy_others(monkeypatch, [float(second) for second in range(100)])
    clock = iter(range(10))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    assert quietly(lambda: pytest.fail("measured"), [], 5) is None


def test_a_neighbour_runs_before_the_steps_and_is_gone_after_them(monkeypatch, tmp_path: Path):
    script = f"sleep 0.1; echo $$ > {tmp_path}/pid; echo; exec sleep 60"
    monkeypatch.setattr(neighbour, "_SPIN", ["sh", "-c", script])
    with neighbour.neighbour():
        pid = int((tmp_path / "pid").read_text())
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@linux
def test_the_work_of_this_process_and_of_its_ended_children_is_not_that_of_others():
    pid = os.fork()
    if pid == 0:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        os._exit(0)
    before = quiet._own_seconds(os.getpid())
    os.waitpid(pid, 0)
    assert quiet._own_seconds(os.getpid()) - before >= 0.15
    assert quiet._all_seconds() > 0.2
    assert quiet._own_seconds(pid) == 0.0


def test_where_the_system_does_not_tell_others_are_quiet(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(quiet, "_STAT", tmp_path / "none")
    assert Others([]).quiet()


def test_variables_reach_a_training_and_are_taken_back(monkeypatch):
    monkeypatch.setenv("GOMP_SPINCOUNT", "1")
    with neighbour._environment({"GOMP_SPINCOUNT": "2", "A": "3"}):
        assert (os.environ["GOMP_SPINCOUNT"], os.environ["A"]) == ("2", "3")
    assert os.environ["GOMP_SPINCOUNT"] == "1"
    assert "A" not in os.environ
