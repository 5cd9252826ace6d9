"""Every block of the tutorial runs as it is written and in its order, on real DVC and the file that ships."""

from collections.abc import Mapping

import pytest

from tests.pages import TUTORIAL
from tests.pipeline.follow import follow, make_project
from tests.pipeline.project import STAGE, Clone

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return make_project(tmp_path_factory.mktemp("tutorial") / "hbir")


@pytest.fixture(scope="module")
def shown(clone: Clone) -> Mapping[str, str]:
    return follow(clone, TUTORIAL)


def test_the_tutorial_trains_compares_and_searches(clone: Clone, shown: Mapping[str, str]):
    assert {"train_xx", "train_xy", "train_hybrid", "evaluate"} <= set(STAGE.findall(shown["dvc repro"]))
    assert "parallel/faq" in shown["python -m hbir compare --intervals"]
    [found] = [text for line, text in shown.items() if "hbir search" in line]
    assert "faq" in found
    assert (clone.root / "reports/comparison.html").is_file()


def test_evaluate_ends_with_the_path_of_the_report(clone: Clone, shown: Mapping[str, str]):
    page = f"report: {clone.root}/reports/comparison.html"
    assert page in shown["dvc repro"]
    assert clone.run("python", "-m", "hbir", "evaluate").stdout.splitlines()[-1] == page


def test_the_experiment_trains_hybrid_alone(shown: Mapping[str, str]):
    [ran] = [STAGE.findall(text) for line, text in shown.items() if line.startswith("dvc exp run")]
    assert ran == ["inputs", "build_batches", "train_hybrid", "score@hybrid", "evaluate"]
    assert "alpha-08" in shown["python -m hbir experiments"]


def test_the_tutorial_ends_where_its_baseline_was(clone: Clone, shown: Mapping[str, str]):
    assert (clone.root / "data/sources/faq.jsonl.dvc").is_file()
    assert clone.run("git", "log", "-1", "--format=%s").stdout.strip() == "Train on the library's FAQ"
    assert not clone.run("git", "status", "--porcelain").stdout
    assert set(STAGE.findall(clone.dvc("repro"))) <= {"inputs"}  # it looks at the `.dvc` file beside the data
