"""A user's own files are kept, shared, linked, and read by experiments aside: real Git and DVC."""

import shutil
from pathlib import Path

import pytest

from tests.pipeline.project import Clone, make_clone

FAQ = "data/sources/faq.csv"
ROWS = "q,a\n" + "".join(f"Why {number}?,Because of {number}.\n" for number in range(20))
SOURCE = {"kind": "csv", "name": "faq", "path": FAQ, "query": "q", "passage": "a", "translate": False}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Make a project whose only source is a file; nothing here needs more than its first two stages."""
    clone = make_clone(tmp_path_factory.mktemp("files") / "hbir")
    (clone.root / FAQ).write_text(ROWS, encoding="utf-8")
    clone.configure(collect={"sources": [SOURCE]})
    clone.dvc("repro", "collect")
    clone.commit("own pairs")
    return clone


def test_an_experiment_aside_reads_a_file_that_git_ignores(clone: Clone):
    assert FAQ in clone.run("git", "status", "--porcelain", "--ignored", "-uall").stdout
    ran = clone.stages_run("exp", "run", "--temp", "-S", "collect.max_query_characters=999", "collect")
    assert ran == ["inputs", "collect"]
    assert clone.run("git", "status", "--porcelain").stdout == ""


@pytest.mark.slow
def test_queued_experiments_read_a_file_that_git_ignores(clone: Clone):
    clone.dvc("exp", "run", "--queue", "-S", "collect.max_query_characters=995,996", "collect")
    clone.dvc("queue", "start", "--jobs", "1")
    clone.wait_for_queue()
    rows = [row["params"]["params.yaml"]["data"]["collect"] for row in clone.experiments().values()]
    assert {row["max_query_characters"] for row in rows} >= {995, 996}
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_a_link_to_a_file_is_followed_and_a_link_to_a_folder_refused(clone: Clone, tmp_path: Path):
    linked = {**SOURCE, "name": "linked", "path": "data/sources/elsewhere/pairs.csv"}
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/pairs.csv").write_text(ROWS.replace("Why", "How"), encoding="utf-8")
    clone.configure(collect={"sources": [{**linked, "path": str(tmp_path / "shared/pairs.csv")}]})
    refused = clone.run("dvc", "repro", "inputs", check=False)
    assert "a path below a folder that DVC watches" in refused.stdout + refused.stderr
    clone.configure(collect={"sources": [linked]})
    (clone.root / "data/sources/elsewhere").symlink_to(tmp_path / "shared")
    refused = clone.run("dvc", "repro", "inputs", check=False)
    assert f"found a link to the folder {tmp_path}/shared" in refused.stdout + refused.stderr
    (clone.root / "data/sources/elsewhere").unlink()
    clone.run("python", "-m", "hbir", "link", str(tmp_path / "shared"), "data/sources/elsewhere")
    assert clone.stages_run("repro", "collect") == ["inputs", "collect"]
    (tmp_path / "shared/pairs.csv").write_text(ROWS.replace("Why", "Where"), encoding="utf-8")
    assert clone.stages_run("repro", "collect") == ["inputs", "collect"]
    assert clone.stages_run("repro", "collect") == []
    clone.run("git", "checkout", "--quiet", ".")
    shutil.rmtree(clone.root / "data/sources/elsewhere")  # Git ignores it, a colleague has none


def test_a_clone_without_the_file_keeps_what_was_made_from_it(clone: Clone, tmp_path: Path):
    clone.run("git", "clone", "--quiet", str(clone.root), str(tmp_path / "partial"))
    partial = Clone(tmp_path / "partial")
    shutil.copytree(clone.root / ".dvc/cache", partial.root / ".dvc/cache")
    partial.dvc("checkout", "collect")
    again = partial.run("dvc", "repro", "collect")
    assert "data/sources/faq.csv is not here" in again.stdout + again.stderr
    assert "Running stage 'collect'" not in again.stdout


def test_a_file_that_dvc_holds_survives_is_shared_and_reaches_experiments(clone: Clone, tmp_path: Path):
    clone.dvc("add", FAQ)
    clone.dvc("remote", "add", "--default", "store", str(tmp_path / "store"))
    clone.dvc("repro", "collect")
    clone.commit("the file is DVC's")
    clone.run("dvc", "checkout", check=False)  # it misses what the stages after `collect` would have made
    assert (clone.root / FAQ).read_text(encoding="utf-8") == ROWS
    clone.dvc("push", FAQ, "collect")
    clone.run("git", "clone", "--quiet", str(clone.root), str(tmp_path / "colleague"))
    colleague = Clone(tmp_path / "colleague")
    colleague.run("git", "config", "user.name", "test")
    colleague.run("git", "config", "user.email", "test@example.org")
    colleague.dvc("pull", FAQ, "collect")
    assert (colleague.root / FAQ).read_text(encoding="utf-8") == ROWS
    assert colleague.stages_run("repro", "collect") == []
    ran = colleague.stages_run("exp", "run", "--temp", "-S", "collect.max_query_characters=998", "collect")
    assert ran == ["inputs", "collect"]


@pytest.mark.parametrize("git", ["none", "above"])
def test_a_project_without_git_or_below_its_root_runs(clone: Clone, tmp_path: Path, git: str):
    project = Clone(tmp_path / "work/project")
    ignored = shutil.ignore_patterns(".git", "cache")
    shutil.copytree(clone.root, project.root, symlinks=True, ignore=ignored)
    if git == "none":
        project.dvc("config", "core.no_scm", "true")
        experiment: tuple[str, ...] = ("repro",)
        project.configure(collect={"max_query_characters": 997})
    else:
        above = Clone(tmp_path / "work")
        above.run("git", "init", "--quiet")
        above.run("git", "config", "user.name", "test")
        above.run("git", "config", "user.email", "test@example.org")
        above.commit("a project among others")
        experiment = ("exp", "run", "--temp", "-S", "collect.max_query_characters=997")
        (project.root / f"{FAQ}.dvc").unlink()
    assert project.stages_run(*experiment, "collect") == ["inputs", "collect"]
