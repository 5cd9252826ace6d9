"""What DVC and MLflow keep, damaged afterwards: objects of the cache, and the store of runs."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.faults.harness import Case, cases, refusal
from tests.faults.test_results import database
from tests.pipeline.project import Clone, make_clone

pytestmark = pytest.mark.slow
DATABASE = "mlflow.db"


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as MLflow makes it."""
    from mlflow.tracking import MlflowClient

    path = tmp_path_factory.mktemp("store") / DATABASE
    MlflowClient(f"sqlite:///{path}").create_experiment("a")
    return path


@pytest.fixture
def stored(project, real: Path):
    """Be in a project with such a store."""
    shutil.copy(real, DATABASE)


def spoilt(change: Callable[[bytes], bytes]) -> Callable[[], None]:
    def make() -> None:
        Path(DATABASE).write_bytes(change(Path(DATABASE).read_bytes()))

    return make


def told(statement: str) -> Callable[[], None]:
    def make() -> None:
        database(Path(DATABASE), statement)

    return make


@cases(
    ("a cut store", spoilt(lambda content: content[: len(content) // 2]), "track"),
    ("a store without its first page", spoilt(lambda content: bytes(4096) + content[4096:]), "track"),
    ("a store whose middle is gone", spoilt(lambda c: c[:4096] + bytes(len(c) - 8192) + c[-4096:]), "track"),
    ("a store without its table of runs", told("DROP TABLE runs"), "track"),
    ("a store of a later MLflow", told("UPDATE alembic_version SET version_num = 'ffffffffffff'"), "track"),
)
@pytest.mark.usefixtures("stored")
@pytest.mark.filterwarnings("ignore")
def test_stores_are_refused(case: Case, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("WARNING"):
        refusal(case)
    assert "Traceback" not in caplog.text


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    made = make_clone(tmp_path_factory.mktemp("cache") / "hbir")
    made.dvc("repro")
    made.commit("results")
    return made


def cached(root: Path, path: str) -> Path:
    """Find the object of an output in DVC's cache."""
    stages = YAML(typ="safe").load((root / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    [md5] = [out["md5"] for stage in stages.values() for out in stage.get("outs", ()) if out["path"] == path]
    return root / ".dvc/cache/files/md5" / str(md5)[:2] / str(md5)[2:]


SPOIL: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda content: content[: len(content) // 2],
    "other": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "empty": lambda _: b"",
}
OUTPUTS = ("data/pairs.parquet", "models/hybrid", "scores/xx")
"""A file, and folders, whose object lists their files."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("path", OUTPUTS)
@pytest.mark.parametrize("how", SPOIL)
def test_a_spoilt_object_of_the_cache_is_refused_by_dvc_and_made_again(clone: Clone, path: str, how: str):
    before = {name: clone.digest(name) for name in OUTPUTS}
    spoilt = cached(clone.root, path)
    content = spoilt.read_bytes()
    spoilt.chmod(0o644)
    spoilt.write_bytes(SPOIL[how](content))
    target = clone.root / path
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    result = clone.run("python", "-m", "hbir", "restore", check=False)
    assert "Traceback" not in result.stderr
    assert result.returncode in (0, 1)
    clone.run("dvc", "checkout", check=False)
    for name in OUTPUTS:
        assert clone.digest(name) in (before[name], b"")  # never what was spoilt
    clone.dvc("repro")
    assert {name: clone.digest(name) for name in OUTPUTS} == before
    assert cached(clone.root, path).read_bytes() == content


def test_a_cache_that_may_not_be_read_is_no_traceback(clone: Clone):
    """A link that leads nowhere stands for it: root may read everything."""
    spoilt = cached(clone.root, "models/hybrid")
    content = spoilt.read_bytes()
    spoilt.unlink()
    spoilt.symlink_to("/none/there")
    shutil.rmtree(clone.root / "models/hybrid")
    result = clone.run("python", "-m", "hbir", "restore", check=False)
    assert "Traceback" not in result.stderr
    clone.dvc("repro")
    assert cached(clone.root, "models/hybrid").read_bytes() == content
