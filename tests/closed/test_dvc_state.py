"""DVC keeps pickles in its state; after `make install` nobody else can write there."""

import os
import stat
from pathlib import Path

import pytest

from tests.pipeline.follow import make_project
from tests.pipeline.project import Clone

ASK = "from dvc.repo import Repo; print(Repo().site_cache_dir)"
PLANT = """
import diskcache, sys
class Ran:
    def __reduce__(self):
        return exec, ("open('RAN', 'w').close()",)
diskcache.Cache(sys.argv[1])["params.yaml"] = Ran()
"""
"""What DVC keeps of a link, as somebody else would write it."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    made = make_project(tmp_path_factory.mktemp("private") / "hbir")
    made.run("make", "private")
    return made


def site(clone: Clone) -> Path:
    return Path(clone.run("python", "-c", ASK).stdout.strip())


def test_the_state_lies_where_nobody_else_can_write(clone: Clone):
    root = clone.root.resolve()
    assert site(clone).parent == root / ".dvc/site/repo"
    info = (root / ".dvc/site").stat()
    assert stat.S_IMODE(info.st_mode) == 0o700  # what is below it, DVC opens to everybody
    assert info.st_uid == os.geteuid()
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_another_command_keeps_what_was_configured(clone: Clone):
    """Keys of a remote, say."""
    local = clone.root / ".dvc/config.local"
    before = local.read_text()
    clone.run("dvc", "remote", "add", "--local", "mine", "/elsewhere")
    clone.run("make", "private")
    assert "/elsewhere" in local.read_text()
    clone.run("dvc", "remote", "remove", "--local", "mine")
    assert local.read_text().split() == before.split()


@pytest.mark.slow
def test_whoever_can_write_there_can_run_code(clone: Clone):
    """Else nothing of this were needed."""
    clone.dvc("repro", "inputs")
    clone.run("python", "-c", PLANT, str(site(clone) / "links"))
    clone.run("dvc", "checkout", check=False)
    assert (clone.root / "RAN").exists()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["--temp", "--queue"])
def test_experiments_beside_the_folder_keep_theirs_there_too(clone: Clone, how: str):
    """DVC hands `.dvc/config.local` on to the folder that it makes for them."""
    states = clone.root / ".dvc/site/repo"
    before = set(states.iterdir())
    clone.dvc("exp", "run", how, "-S", f"seed={len(how)}", "inputs")
    if how == "--queue":
        clone.dvc("queue", "start")
        clone.wait_for_queue()
    assert set(states.iterdir()) - before
