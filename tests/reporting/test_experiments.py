"""The table of experiments, and `hbir seeds`, on a repository that Git alone made."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hbir.commands.experiments import experiments
from hbir.commands.seeds import seeds
from hbir.core.errors import DataError
from hbir.reporting.git import code_commit

PARAMS = "sampler: hybrid\nsamplers: [xx, hybrid]\nseed: {seed}\nbatches: {{hybrid: {{alpha: {alpha}}}}}\n"


def git(root: Path, *arguments: str) -> str:
    environment = {**os.environ, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a"}
    environment["GIT_COMMITTER_EMAIL"] = "a@b"
    result = subprocess.run(
        ["git", *arguments], cwd=root, check=True, capture_output=True, text=True, env=environment
    )
    return result.stdout.strip()


def write(root: Path, seed: int = 1, alpha: float = 0.5, level: float = 0.9) -> None:
    (root / "params.yaml").write_text(PARAMS.format(seed=seed, alpha=alpha))
    maps = {"monolingual": level, "cross_lingual": level / 2, "multilingual": level / 4}
    scores: dict[str, Any] = {"cldr": {"map": maps, "rank_distance": 1000 * level}}
    (root / "metrics").mkdir(exist_ok=True)
    for name in ("xx", "hybrid", "headline"):
        (root / f"metrics/{name}.json").write_text(json.dumps(scores))
    # of a baseline that is not compared any more
    (root / "metrics/mixed.json").write_text(json.dumps({"other": scores["cldr"]}))


def save_experiment(root: Path, name: str, **changes: Any) -> None:
    """Commit a change where DVC keeps experiments, and come back."""
    head = git(root, "rev-parse", "HEAD")
    write(root, **changes)
    git(root, "commit", "--quiet", "--all", "--message", name)
    commit = git(root, "rev-parse", "HEAD")
    git(root, "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{name}", commit)
    git(root, "reset", "--quiet", "--hard", head)


@pytest.fixture(params=["", "deep/inside"], ids=["root", "subfolder"])
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a project that is, or is not, the root of its repository."""
    root: Path = tmp_path / request.param
    (root / ".dvc").mkdir(parents=True)
    monkeypatch.chdir(root)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    git(tmp_path, "init", "--quiet")
    write(root)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "one")
    save_experiment(root, "less-alpha-with-a-name-that-is-long", alpha=0.25, level=0.8)
    save_experiment(root, "seed-2", seed=2, level=0.7)
    return root


def table() -> list[str]:
    result = CliRunner().invoke(experiments, catch_exceptions=False)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) < 100
    return result.output.splitlines()


def test_the_table_is_narrow_and_says_what_was_changed(project: Path):
    lines = table()
    assert lines[0].split() == ["experiment", "benchmark", "mono", "cross", "multi", "distance", "changed"]
    assert lines[2].split() == ["workspace", "cldr", "mAP", "0.9000", "0.4500", "0.2250", "900.0"]
    assert lines[3].split()[:1] == ["less-alpha-with-a-"]
    assert lines[3].split()[-2] == "800.0"
    assert "batches.hybrid.alpha=0.25" in lines[3]
    assert lines[4].strip() == "name-that-is-long"
    assert lines[5].split() == ["seed-2", "cldr", "mAP", "0.7000", "0.3500", "0.1750", "700.0", "seed=2"]


def test_the_workspace_shows_its_own_changes(project: Path):
    write(project, alpha=0.75)
    assert table()[2].endswith("batches.hybrid.alpha=0.75")


def test_an_experiment_without_metrics_is_named(project: Path):
    head = git(project, "rev-parse", "HEAD")
    git(project, "rm", "--quiet", "-r", "metrics")
    git(project, "commit", "--quiet", "--message", "none")
    git(project, "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/broken", git(project, "rev-parse", "HEAD"))
    git(project, "reset", "--quiet", "--hard", head)
    assert any(line.startswith("  broken: ") for line in table())


def test_an_experiment_with_a_broken_file_hides_no_other(project: Path):
    head = git(project, "rev-parse", "HEAD")
    for name, file in (("conflict", "params.yaml"), ("cut", "metrics/xx.json")):
        (project / file).write_text("<<<<<<< {: [")
        git(project, "commit", "--quiet", "--all", "--message", name)
        git(project, "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/{name}", "HEAD")
        git(project, "reset", "--quiet", "--hard", head)
    lines = table()
    assert any(line.startswith("  conflict: a broken params.yaml") for line in lines)
    assert any(line.startswith("  cut: a broken metrics/xx.json") for line in lines)
    assert any(line.startswith("seed-2") for line in lines)


def test_without_git_there_is_the_workspace(project: Path, tmp_path: Path):
    shutil.rmtree(tmp_path / ".git")
    lines = table()
    assert lines[2].startswith("workspace")
    assert lines[3] == "  no Git repository here, and so no experiments"


def test_seeds_read_experiments_and_revisions(project: Path):
    result = CliRunner().invoke(seeds, ["HEAD", "seed-2"], catch_exceptions=False)
    assert "| cldr, 2 seeds | monolingual mAP |" in result.output
    assert "| hybrid | 0.800 ± 0.141 |" in result.output
    assert "mixed" not in result.output


def test_seeds_name_what_else_differs(project: Path):
    save_experiment(project, "both", seed=3, alpha=0.25)
    with pytest.raises(DataError, match=r"experiment both: .*batches\.hybrid\.alpha: 0\.25 instead of 0\.5"):
        CliRunner().invoke(seeds, ["HEAD", "both"], catch_exceptions=False)


def test_files_that_an_experiments_own_folder_lacks_make_no_other_seed(project: Path):
    def lock(sources: str, digests: str) -> str:
        deps = [{"path": "data/sources", "md5": sources}, {"path": "data/inputs/collect.json", "md5": digests}]
        return json.dumps({"stages": {"inputs": {"deps": deps[:1]}, "collect": {"deps": deps[1:]}}})

    (project / "dvc.lock").write_text(lock("with faq.csv", "same"))
    git(project, "add", "dvc.lock")
    git(project, "commit", "--quiet", "--message", "own pairs")
    for name, seed, digests in (("aside", 4, "same"), ("other", 5, "of another file")):
        (project / "dvc.lock").write_text(lock("README.md alone", digests))
        save_experiment(project, name, seed=seed)
    result = CliRunner().invoke(seeds, ["HEAD", "aside"], catch_exceptions=False)
    assert "cldr, 2 seeds" in result.output
    with pytest.raises(DataError, match=r"another content of data/inputs/collect\.json"):
        CliRunner().invoke(seeds, ["HEAD", "other"], catch_exceptions=False)


def test_a_name_that_there_is_not(project: Path):
    with pytest.raises(DataError, match="experiment seed-9: expected a DVC experiment or a Git revision"):
        CliRunner().invoke(seeds, ["HEAD", "seed-9"], catch_exceptions=False)


def test_the_commit_of_the_code_outlives_commits_of_results(project: Path, tmp_path: Path):
    before = code_commit(project)
    assert git(project, "rev-parse", "HEAD").startswith(before)
    (project / "metrics/xx.json").write_text("{}")
    git(project, "commit", "--quiet", "--all", "--message", "results")
    assert code_commit(project) == before
    write(project, alpha=0.75)
    assert code_commit(project) == f"{before}, changed since"
    shutil.rmtree(tmp_path / ".git")
    assert code_commit(project) == ""
