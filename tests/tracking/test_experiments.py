import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from dvc.repo import Repo

from hbir.core.files import read_json, write_json
from hbir.evaluation.results import read_results
from hbir.reporting.git import list_experiments
from hbir.tracking.experiments import synchronise_experiments
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from tests.reporting.builder import settings
from tests.tracking.look import build, runs
from tests.tracking.models import save_model

PIPELINE = """stages:
  all:
    cmd: 'true'
    outs: [scores/xx, scores/xy, models/xx]
    metrics:
    - data/translated/de.stats.json:
        cache: false
"""
COUNTS = Path("data/translated/de.stats.json")
OTHER = "0123456789" * 6


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository whose experiment `two` has another training of xx, and shares xy's."""
    root = tmp_path_factory.mktemp("repository") / "project"
    root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("DVC_NO_ANALYTICS", "1")
        for command in ("init --quiet", "config user.name test", "config user.email test@example.org"):
            git(root, *command.split())
        Repo.init(str(root)).close()
        results = build(root / "scores", ["xx", "xy"])
        save_model(root / "models/xx", results[0].record.fingerprint)
        (root / "dvc.yaml").write_text(PIPELINE)
        (root / "params.yaml").write_text("languages: [de, en]\n")
        write_json(root / COUNTS, {"pairs": 1, "rejected": {}})
        with Repo(str(root)) as repo:
            repo.commit(force=True)
            git(root, "add", "--all")
            git(root, "commit", "--quiet", "--message", "one")
            for file in (root / "scores/xx/training.json", root / "models/xx/training.json"):
                write_json(file, {**read_json(file), "fingerprint": OTHER})
            write_json(root / COUNTS, {"pairs": 2, "rejected": {"copied": 3}})
            repo.commit(force=True)
            repo.experiments.save(name="two", force=True)
        with Repo(str(root)) as repo:
            git(root, "checkout", "--quiet", "--force", ".")
            repo.checkout(force=True)
    return root


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True)


@pytest.fixture
def repository(root: Path, template: Path) -> Path:
    shutil.copytree(template, root, symlinks=True, dirs_exist_ok=True)
    return root


@pytest.fixture
def store(repository: Path) -> Store:
    return Store(repository)


def sync_workspace(store: Store, params: TrackingParams) -> None:
    results = read_results(store.root / "scores", ["xx", "xy"])
    synchronise(results, store, store.root, params, Origin(revision="workspace", is_workspace=True))


def test_an_experiments_runs_come_from_the_cache(store: Store, params: TrackingParams):
    sync_workspace(store, params)
    [experiment] = list_experiments(store.root)
    summary = synchronise_experiments(store, params)
    assert (summary.created, summary.completed, summary.unchanged) == (1, 0, 0)
    found = runs(store)
    assert set(found) == {"xx", "xy", "xx two"}
    other = found["xx two"]
    assert other.data.tags["hbir.fingerprint"] == OTHER
    assert other.data.tags["hbir.revision"] == experiment.baseline
    assert other.data.tags["hbir.checkpoint"] == "model"
    assert other.info.status == "FINISHED"
    assert other.data.metrics["cldr/multilingual/map"] == 0.1398
    assert other.data.tags["hbir.translated_pairs"] == "2"
    assert other.data.tags["hbir.rejected_pairs"] == "3"
    assert found["xx"].data.tags["hbir.translated_pairs"] == "1"
    assert other.data.tags["hbir.experiments"] == "two"
    assert found["xy"].data.tags["hbir.experiments"] == "two"
    assert "hbir.experiments" not in found["xx"].data.tags
    assert [run.info.run_name for run in store.search()] == ["xx seed 1", "xy seed 1", "xx seed 1 two"]
    assert str(synchronise_experiments(store, params)) == "MLflow runs: 0 created, 0 completed, 0 up to date"
    assert read_json(store.root / "scores/xx/training.json")["fingerprint"] != OTHER


def test_the_scores_that_decide_about_a_champion_are_fetched(store: Store, params: TrackingParams):
    """Both trainings of xx were scored alike, so the second shows no difference to the first."""
    synchronise_experiments(store, params)
    versions = store.client.search_model_versions("name = 'hbir-xx'")
    assert [version.tags["hbir.champion"] for version in versions] == [
        "cldr/multilingual/map: the first version"
    ]


def test_there_is_a_sign_of_life(
    store: Store, params: TrackingParams, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("hbir.tracking.experiments.SECONDS", 0)
    with caplog.at_level("INFO", "hbir"):
        synchronise_experiments(store, params)
    said = [record.getMessage() for record in caplog.records if record.name == "hbir.tracking.experiments"]
    assert said == ["MLflow: looking at 1 experiments", "MLflow: 1 of 1 experiments"]


def test_a_large_model_stays_in_the_cache(store: Store, params: TrackingParams):
    synchronise_experiments(store, replace(params, model_size_limit=0.001))
    tags = runs(store)["xx"].data.tags
    assert tags["hbir.checkpoint.fetch"] == "dvc get . models/xx --rev two"
    assert tags["hbir.checkpoint.hash"].startswith("md5:")


@pytest.mark.parametrize("pattern", ["*", "*[0-9a-f][0-9a-f]"], ids=["everything", "files, not their lists"])
def test_what_is_in_no_cache_is_told(store: Store, params: TrackingParams, pattern: str):
    empty_cache(store, pattern, lambda path: True)
    summary = synchronise_experiments(store, params)
    [note] = summary.notes
    assert note.startswith("two: cannot be read from DVC's cache")
    assert runs(store) == {}


@pytest.mark.parametrize("mark", [b'"model.safetensors"', b'"__metadata__"'], ids=["its list", "its weights"])
def test_a_model_that_is_in_no_cache_becomes_a_reference(store: Store, params: TrackingParams, mark: bytes):
    empty_cache(store, "*", lambda path: mark in path.read_bytes())
    summary = synchronise_experiments(store, params)
    assert summary.created == 2
    told = "xx: its model is not in models/xx, recorded as a reference, `dvc get . models/xx --rev two` gets it"
    assert told in summary.notes
    assert runs(store)["xx"].data.tags["hbir.checkpoint"] == "reference"


def empty_cache(store: Store, pattern: str, chosen: Callable[[Path], bool]) -> None:
    gone = [path for path in (store.root / ".dvc/cache").rglob(pattern) if path.is_file() and chosen(path)]
    assert gone
    for path in gone:
        path.unlink()


def test_experiments_that_share_a_training_keep_their_own_scores(store: Store, params: TrackingParams):
    """`three` has the workspace's trainings and other scores: a benchmark's parameter was changed."""
    build(store.root / "scores", ["xx", "xy"], changes={"xy": settings("hybrid")})
    commit_experiment(store.root, "three")
    sync_workspace(store, params)
    assert synchronise_experiments(store, params).created == 2  # xx of `two`, xy of `three`
    found = {run.info.run_name: run.data for run in store.search()}
    assert found["xy seed 1"].metrics["cldr/multilingual/map"] == settings("xy")["multilingual"]["map"]
    assert found["xy seed 1"].tags["hbir.experiments"] == "two"
    three = found["xy seed 1 three"]
    assert three.metrics["cldr/multilingual/map"] == settings("hybrid")["multilingual"]["map"]
    assert three.tags["hbir.experiments"] == "three"
    assert three.tags["hbir.fingerprint"] == found["xy seed 1"].tags["hbir.fingerprint"]
    again = synchronise_experiments(store, params)
    assert (again.created, again.completed) == (0, 0)


def commit_experiment(root: Path, name: str) -> None:
    """Save what lies in the workspace as an experiment, and bring the workspace back."""
    with Repo(str(root)) as repo:
        repo.commit(force=True)
        repo.experiments.save(name=name, force=True)
    with Repo(str(root)) as repo:
        git(root, "checkout", "--quiet", "--force", ".")
        repo.checkout(force=True)


@pytest.mark.parametrize("is_told", [True, False], ids=["no_scm", "Git's folder gone"])
def test_without_git_the_workspace_is_tracked_with_a_note(is_told: bool, store: Store, params: TrackingParams):
    shutil.rmtree(store.root / ".git")
    if is_told:
        (store.root / ".dvc/config.local").write_text("[core]\n    no_scm = true\n")
    sync_workspace(store, params)
    summary = synchronise_experiments(store, params)
    assert summary.created == 0
    [note] = summary.notes
    assert note.startswith("DVC's experiments are not looked for, they need Git: fatal: not a git repository")
    assert set(runs(store)) == {"xx", "xy"}


def test_a_project_in_a_subfolder_of_its_repository(
    tmp_path: Path, template: Path, params: TrackingParams, monkeypatch: pytest.MonkeyPatch
):
    top = tmp_path / "top"
    root = top / "sub/project"
    shutil.copytree(template, root, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    monkeypatch.chdir(root)
    for command in ("init --quiet", "config user.name test", "config user.email test@example.org"):
        git(top, *command.split())
    git(top, "add", "--all")
    git(top, "commit", "--quiet", "--message", "one")
    build(root / "scores", ["xx", "xy"], changes={"xy": settings("hybrid")})
    commit_experiment(root, "below")
    store = Store(root)
    sync_workspace(store, params)
    assert synchronise_experiments(store, params).created == 1  # xx is the workspace's
    assert runs(store)["xy below"].data.metrics["cldr/multilingual/map"] == 0.2761


def test_a_folder_without_dvc_has_no_experiments(root: Path, params: TrackingParams):
    (root / ".dvc").rmdir()
    assert synchronise_experiments(Store(root), params).created == 0
