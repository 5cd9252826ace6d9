"""The pages of results show the numbers that are committed beside them, and no others."""

import re
from pathlib import Path

import pytest

from hbir.studies.figures import draw_all
from hbir.studies.folder import ABOUT, read_numbers
from hbir.studies.pages import filled
from tests.pages import README, ROOT

RESULTS = ROOT / "docs/results"
FOLDERS = sorted(path.parent for path in RESULTS.glob("*/index.md"))
SHOWN = {"e5": [README]}
"""Pages elsewhere that must show a part of a folder's results once there are any."""
by_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def has_results(folder: Path) -> bool:
    return (folder / ABOUT).is_file()


@by_folder
def test_pages_show_what_the_committed_files_say(folder: Path, tmp_path: Path):
    if not has_results(folder):
        pytest.skip("no results yet")
    numbers = read_numbers(folder)
    figures = draw_all(numbers, tmp_path)
    for page in (folder / "index.md", *SHOWN.get(folder.name, [])):
        text = page.read_text(encoding="utf-8")
        assert f"<!-- {folder.name}: table -->" in text, f"{page} shows no table"
        assert filled(page, numbers, figures, folder) == text, (
            f"python -m hbir study draw {folder} --page {page}"
        )
    drawn = {path.name for path in tmp_path.glob("*.svg")}
    assert {path.name for path in folder.glob("*.svg")} == drawn


@by_folder
def test_a_page_without_results_has_no_numbers_in_the_places_for_them(folder: Path):
    text = (folder / "index.md").read_text(encoding="utf-8")
    parts = re.findall(rf"<!-- {folder.name}: [\w-]+ -->(.*?)<!-- /{folder.name} -->", text, flags=re.DOTALL)
    assert len(parts) > 5
    assert all(bool(part.strip()) == has_results(folder) for part in parts)
