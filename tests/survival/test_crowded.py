"""Several commands of DVC at once: each ends well, or says in whose way it was; nothing is lost."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.pipeline.project import STAGE, Clone
from tests.survival.clones import EXPERIMENTS, begin, copied, made, processes, queue, tracked, wait_until
from tests.survival.conftest import Expected

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
CHUNK = 71
"""Of `evaluate.query_chunk`: another value, so that everything is scored again, and the same scores."""
IN_THE_WAY = ("it is being blocked by", "Unable to acquire lock")
"""What DVC says, with the process that holds it or what to do."""


def at_once(clone: Clone, commands: Sequence[Sequence[str]]) -> list[tuple[int, str]]:
    """Start commands together, and return exit codes and what was said."""
    logs = [clone.root.parent / f"{number}.log" for number in range(len(commands))]
    started = [begin(clone, *command, log=log) for command, log in zip(commands, logs, strict=True)]
    codes = [process.wait(timeout=3000) for process in started]
    return list(zip(codes, (log.read_text(encoding="utf-8") for log in logs), strict=True))


def scores(root: Path) -> dict[str, bytes]:
    paths = [path for name in ("scores", "metrics") for path in (root / name).rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def test_two_repros_in_one_clone(warm: Clone, tmp_path: Path):
    clone = copied(warm, tmp_path)
    before = scores(clone.root)
    clone.configure(evaluate={"query_chunk": CHUNK})
    ended = at_once(clone, [["dvc", "repro"]] * 2)
    assert 0 in [code for code, _ in ended], ended
    for code, said in ended:
        assert "Traceback" not in said
        assert code == 0 or any(reason in said for reason in IN_THE_WAY), said
    ran = [stage for _, said in ended for stage in STAGE.findall(said)]
    assert ran.count("score@xx") == 1, ended  # not by both
    assert clone.stages_run("repro") == []
    assert scores(clone.root) == before


def check_whole(clone: Clone, expected: Expected) -> None:
    """Compare experiments, and their runs in MLflow, with those that ran one after the other."""
    assert {name: made(clone, name) for name in EXPERIMENTS} == expected.outputs
    assert tracked(clone) == expected.runs
    assert all(run["complete"] for run in expected.runs)
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_three_temporary_experiments_at_once(warm: Clone, one_by_one: Expected, tmp_path: Path):
    """Each is there afterwards under its name, at the latest when the command is given once more."""
    clone = copied(warm, tmp_path)
    commands = {
        name: ["dvc", "--wait-for-lock", "exp", "run", "--temp", "--name", name, "-S", option]
        for name, option in EXPERIMENTS.items()
    }
    for (code, said), name in zip(at_once(clone, list(commands.values())), commands, strict=True):
        assert "Traceback" not in said
        if name not in clone.experiments():  # docs/how-to/recover.md: locked out, or lost its name
            assert code == 0 or any(reason in said for reason in IN_THE_WAY), said
            clone.run(*commands[name])
    check_whole(clone, one_by_one)


def test_a_queue_with_two_workers(warm: Clone, one_by_one: Expected, tmp_path: Path):
    clone = copied(warm, tmp_path)
    for name, option in EXPERIMENTS.items():
        clone.dvc("exp", "run", "--queue", "--name", name, "-S", option)
    queue(clone, jobs=2)
    clone.wait_for_queue()
    wait_until(lambda: not processes(clone), "the workers' end")
    check_whole(clone, one_by_one)
