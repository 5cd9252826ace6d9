"""Every block of the README and the tutorial runs as it is written, on real DVC and the files that ship."""

from typing import Any

import pytest

from tests.pages import README, TUTORIAL, blocks, commands, settings
from tests.pipeline.project import TINY, Clone, make_clone

SMALL: dict[str, Any] = {
    "samplers": ["hybrid"],
    "batches": {"steps": 4},
    "encoder": TINY["encoder"],
    "train": TINY["train"],
    "tracking": TINY["tracking"],
    "threads": 1,
}
"""Instead of the steps and the encoder that the pages train with; one sampler is trained and scored."""
CLDR = ["--lang", "de,en"]
"""Two languages of the embedded benchmark instead of 11."""


def run(clone: Clone, words: list[str]) -> str:
    """Run a command, or what tells as much in less time; test_pipeline.py trains in experiments."""
    if words[0] == "source":
        return ""
    if words[0] == "make":
        return clone.run("make", "--dry-run", *words[1:]).stdout
    if words[:5] == ["python", "-m", "hbir", "benchmark", "cldr"]:
        words = [*words, *CLDR]
    if words[:2] == ["dvc", "repro"]:
        words = [*words, "evaluate"]
    if words == ["dvc", "checkout"]:
        words = [*words, "--with-deps", "evaluate"]
    if words[:3] == ["dvc", "exp", "run"]:
        words = [*words, "build_batches"]
    return clone.run(*words).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    return make_clone(tmp_path_factory.mktemp("tutorial"))


@pytest.fixture(scope="module")
def told(clone: Clone) -> str:
    """Follow the tutorial and return what it showed."""
    seen = ""
    for block in blocks(TUTORIAL, "console", "yaml"):
        if block.language == "console":
            seen += "".join(run(clone, words) for words in commands(block))
        elif block == blocks(TUTORIAL, "yaml")[0]:
            clone.configure(**settings(TUTORIAL)[0])
            clone.configure(**SMALL)
    return seen


def test_the_tutorial_trains_compares_and_searches(clone: Clone, told: str):
    assert "parallel/faq" in told
    assert "alpha-08" in told
    assert "faq" in told.split("Embedded 120 passages")[-1]
    assert (clone.root / "reports/comparison.html").is_file()


def test_the_tutorial_keeps_what_belongs_together(clone: Clone, told: str):
    assert (clone.root / "data/sources/faq.jsonl.dvc").is_file()
    assert clone.run("git", "log", "-1", "--format=%s").stdout.strip() == "Train on the library's FAQ"
    assert not clone.run("git", "status", "--porcelain").stdout


def test_the_commands_of_the_readme(clone: Clone, told: str):
    """Those that experiment are checked in tests/test_docs.py and the pipeline's own tests."""
    for block in blocks(README, "console"):
        for words in commands(block):
            if words[:3] != ["dvc", "exp", "run"]:
                run(clone, words)
    for block in blocks(README, "python"):
        assert "tensor" in clone.run("python", "-c", block.text).stdout


def test_own_pairs_as_the_readme_has_them(clone: Clone, told: str):
    clone.configure(**settings(README)[0])
    clone.configure(**SMALL)
    clone.dvc("repro", "build_batches")
    collected = clone.run("python", "-c", READ).stdout.split()
    assert set(collected) == {"faq", "help"}


READ = "import pyarrow.parquet as p; print(*p.read_table('data/pairs.parquet')['source'].unique().to_pylist())"
