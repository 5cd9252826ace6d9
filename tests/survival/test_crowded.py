"""Several commands of DVC at once: each ends well, or says in whose way it was; nothing is lost."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.pipeline.project import STAGE, Clone, environment, make_clone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
CHUNK = 71
"""Of `evaluate.query_chunk`: another value, so that everything is scored again, and the same scores."""
IN_THE_WAY = ("it is being blocked by", "Unable to acquire lock")
"""What DVC says, with the process that holds it or what to do."""


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    clone = make_clone(tmp_path / "hbir")
    clone.dvc("repro")
    clone.commit("results")
    return clone


def at_once(clone: Clone, commands: Sequence[Sequence[str]]) -> list[tuple[int, str]]:
    """Start commands together, and return exit codes and what was said."""
    started = [
        subprocess.Popen(
            command,
            cwd=clone.root,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for command in commands
    ]
    said = [process.communicate(timeout=3000)[0] for process in started]
    return [(process.returncode, text) for process, text in zip(started, said, strict=True)]


def scores(root: Path) -> dict[str, bytes]:
    paths = [path for name in ("scores", "metrics") for path in (root / name).rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def test_two_repros_in_one_clone(clone: Clone):
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
