"""Intervals over seeds, on a real repository: scores per query of every seed come from DVC's cache."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from dvc.repo import Repo

from hbir.commands.seeds import seeds
from hbir.core.errors import DataError
from hbir.core.files import write_json
from tests.reporting.builder import LEVELS, settings
from tests.tracking.look import build
from tests.tracking.test_experiments import git

PIPELINE = "stages:\n  all:\n    cmd: 'true'\n    outs: [scores/xx, scores/hybrid]\n"
PARAMS = "sampler: hybrid\nsamplers: [xx, hybrid]\nseed: {seed}\n"


def write(root: Path, seed: int) -> None:
    """Write the scores of a seed; each lies a little higher than the one before."""
    factor = 1 + 0.01 * seed
    changes = {name: settings(name, factor) for name in ("xx", "hybrid")}
    build(root / "scores", ["xx", "hybrid"], changes=changes, groups=False)
    (root / "params.yaml").write_text(PARAMS.format(seed=seed))
    for name, scores in changes.items():
        maps = {setting: round(means["map"], 4) for setting, means in scores.items()}
        distance = round(scores["multilingual"]["rank_distance"], 1)
        write_json(root / f"metrics/{name}.json", {"cldr": {"map": maps, "rank_distance": distance}})


@pytest.fixture
def repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with an experiment for each of two more seeds."""
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    shutil.rmtree(project / ".dvc")
    for command in ("init --quiet", "config user.name test", "config user.email test@example.org"):
        git(project, *command.split())
    Repo.init(str(project)).close()
    (project / "dvc.yaml").write_text(PIPELINE)
    write(project, 1)
    with Repo(str(project)) as repo:
        repo.commit(force=True)
        git(project, "add", "--all")
        git(project, "commit", "--quiet", "--message", "one")
        for seed in (2, 3):
            write(project, seed)
            repo.commit(force=True)
            repo.experiments.save(name=f"seed-{seed}", force=True)
            git(project, "checkout", "--quiet", "--force", ".")
    return project


def run(*arguments: str) -> str:
    result = CliRunner().invoke(seeds, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_three_seeds_with_intervals(repository: Path):
    text = run("HEAD", "seed-2", "seed-3", "--intervals")
    assert "| cldr, 3 seeds | monolingual mAP |" in text  # what it says without the option
    rows = {line.split(" | ")[0].strip("| "): line.split(" | ")[1:] for line in text.splitlines()}
    levels = [LEVELS["xx"][1] * (1 + 0.01 * seed) for seed in (1, 2, 3)]
    mean = f"{sum(levels) / 3:.3f}".removeprefix("0")
    cell = rows["xx"][1]
    found = re.fullmatch(r"(\.\d+) ± (\.\d+) \[(\.\d+), (\.\d+)\]", cell)
    assert found, cell
    assert found[1] == mean
    assert found[2] == ".001"
    assert float(found[3]) < float(found[1]) < float(found[4])
    assert re.match(r"\*\*\+\.2\d\d ± \.00\d \[.*\]\*\* better, p < \.001, d ", rows["hybrid − xx"][1])
    assert re.match(r"−\.029 ± \.000 \[−.*, \.\d+\] no difference shown, p \.", rows["hybrid − xx"][0])
    assert re.match(r"\*\*−3,\d\d\d ± \d+ \[.*\]\*\* better, ", rows["hybrid − xx"][3])


def test_one_seed_has_no_interval(repository: Path):
    with pytest.raises(DataError, match="experiments HEAD: expected at least two seeds for an interval"):
        run("HEAD", "--intervals")


def test_scores_that_no_cache_has_are_named(repository: Path):
    shutil.rmtree(repository / ".dvc/cache")
    with pytest.raises(DataError, match="HEAD: expected scores per query in DVC's cache, found .*dvc pull"):
        run("HEAD", "seed-2", "--intervals")
