"""params.yaml is written as DVC writes it, so that `dvc exp run -S` changes one line, not the style."""

import difflib
import shutil
from pathlib import Path

import pytest
from dvc.utils.hydra import apply_overrides

PARAMS = Path(__file__).parents[1] / "params.yaml"


def changed_lines(override: str, folder: Path) -> list[str]:
    """Apply an override as `dvc exp run -S` does, and return the lines that are new."""
    path = folder / "params.yaml"
    shutil.copyfile(PARAMS, path)
    apply_overrides(path, [override])
    before, after = PARAMS.read_text(encoding="utf-8"), path.read_text(encoding="utf-8")
    return [line[2:] for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


def test_a_value_that_is_there_already_changes_nothing(tmp_path: Path):
    assert changed_lines("seed=1", tmp_path) == []


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("seed=2", "seed: 2"),
        ("batches.hybrid.alpha=0.3", "    alpha: 0.3"),
        ("overrides.xx.temperature=0.1", "    temperature: 0.1"),
        ("encoder.name=static", "  name: static"),
        ('train.launcher="torchrun --nproc-per-node 8"', "  launcher: torchrun --nproc-per-node 8"),
        ("train.attention=eager", "  attention: eager"),
    ],
)
def test_a_change_is_one_line(override: str, line: str, tmp_path: Path):
    removed, added = changed_lines(override, tmp_path)
    assert added.split("#")[0].rstrip() == line
    assert removed.split("#")[1:] == added.split("#")[1:]


def test_a_longer_list_is_one_line_more(tmp_path: Path):
    assert changed_lines("evaluate.benchmarks=[cldr,xquad-r]", tmp_path) == ["  - xquad-r"]
