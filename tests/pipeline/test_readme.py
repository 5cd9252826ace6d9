"""Every block of the README runs as it is written and in its order, on real DVC and the files that ship."""

from collections.abc import Mapping

import pytest

from tests.pages import README
from tests.pipeline.follow import follow, make_project, shell
from tests.pipeline.project import STAGE, Clone

OWN = "cp docs/examples/faq.jsonl docs/examples/help.csv data/sources/"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return make_project(tmp_path_factory.mktemp("readme") / "hbir")


@pytest.fixture(scope="module")
def shown(clone: Clone) -> Mapping[str, str]:
    return follow(clone, README, before={"make test": KEEP, OWN: BACK})


KEEP = "git add dvc.lock metrics data && git commit --quiet --message 'My results'"
BACK = "git checkout params.yaml dvc.lock metrics && dvc checkout"
"""What the text says between the blocks: commit your baseline, and how to return to it."""
TRAININGS = {"train_xx", "train_xy", "train_hybrid"}


def trained(output: str) -> set[str]:
    return {stage for stage in STAGE.findall(output) if stage.startswith("train")}


def test_the_experiments_train_what_the_readme_says(shown: Mapping[str, str]):
    ran = {line.split()[4]: trained(text) for line, text in shown.items() if line.startswith("dvc exp run")}
    assert trained(shown["make repro"]) == TRAININGS
    assert ran == {
        "alpha-03": {"train_hybrid"},
        "xx-then-xy": {"train_hybrid"},
        "sharper": TRAININGS,
        "baselines": {"train_baseline@mixed", "train_baseline@english"},
    }
    for name in ran:
        assert name in shown["python -m hbir experiments"]


def test_the_encoder_is_scored_searched_and_loaded(shown: Mapping[str, str]):
    [found] = [text for line, text in shown.items() if "hbir search" in line]
    assert "faq" in found
    assert "tensor" in shown["python"]


def test_own_pairs_are_trained_on(clone: Clone, shown: Mapping[str, str]):
    assert trained(shell(clone, "make repro")) == TRAININGS
    collected = clone.run("python", "-c", READ).stdout.split()
    assert set(collected) == {"faq", "help"}


def test_seeds_of_own_pairs(clone: Clone, shown: Mapping[str, str]):
    clone.commit("own pairs")
    summary = shell(clone, "make seeds")
    assert "parallel/faq, 3 seeds" in summary
    assert "resamples of seeds, then of queries" in summary
    assert not clone.run("git", "status", "--porcelain").stdout


READ = "import pyarrow.parquet as p; print(*p.read_table('data/pairs.parquet')['source'].unique().to_pylist())"
