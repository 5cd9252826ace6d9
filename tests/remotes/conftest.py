"""Give a clone of which the pipeline ran, and that has results of other params in DVC's run cache."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pipeline.project import Clone, make_clone

ALPHA = {"batches": {"hybrid": {"alpha": 0.3}}}


@dataclass(frozen=True)
class Shared:
    """Hold a clone, and the bytes of what it made with other params, which no commit names."""

    clone: Clone
    other: bytes


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    clone = make_clone(tmp_path_factory.mktemp("shared") / "hbir")
    clone.dvc("repro")
    clone.commit("results")
    clone.configure(**ALPHA)
    clone.dvc("repro")
    other = clone.digest("models/hybrid")
    back(clone)
    assert clone.digest("models/hybrid") != other
    return Shared(clone, other)


@pytest.fixture
def elsewhere(shared: Shared, tmp_path: Path) -> Clone:
    """Give a fresh clone by Git alone, without a file of DVC's."""
    shared.clone.run("git", "clone", "--quiet", str(shared.clone.root), str(tmp_path / "elsewhere"))
    return Clone(tmp_path / "elsewhere")


def back(clone: Clone) -> None:
    """Bring the folder back to what is committed."""
    clone.run("git", "checkout", "--quiet", ".")
    clone.dvc("checkout", "--force", "--quiet")
