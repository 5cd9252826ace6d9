"""The pages of results show the numbers that are committed beside them, and no others."""

import re
from pathlib import Path

import pytest

from hbir.studies.figures import draw_all
from hbir.studies.folder import ABOUT, read_numbers
from hbir.studies.pages import INDEX, filled
from tests.pages import README, ROOT

RESULTS = ROOT / "docs/results"
PAGES = {
    "e5": [RESULTS / "e5" / INDEX, README],
    "e5-alpha": [RESULTS / "e5" / INDEX],
    "e5-grid": [RESULTS / "e5" / INDEX],
    "e5-lareqa": [RESULTS / "e5" / INDEX],
    "e5-zero-shot": [RESULTS / "e5-zero-shot" / INDEX],
}
"""Where the results of a folder are shown once there are any."""
by_folder = pytest.mark.parametrize("name", PAGES)


def has_results(name: str) -> bool:
    return (RESULTS / name / ABOUT).is_file()


def places(name: str, page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"<!-- {name}: [\w-]+ -->(.*?)<!-- /{name} -->", text, flags=re.DOTALL)


def test_every_folder_of_numbers_is_shown_somewhere():
    assert {path.parent.name for path in RESULTS.glob(f"*/{ABOUT}")} <= set(PAGES)


@by_folder
def test_pages_show_what_the_committed_files_say(name: str, tmp_path: Path):
    if not has_results(name):
        pytest.skip("no results yet")
    folder = RESULTS / name
    numbers = read_numbers(folder)
    figures = draw_all(numbers, tmp_path)
    for page in PAGES[name]:
        assert places(name, page), f"{page} shows nothing of {name}"
        again = filled(page, numbers, figures, folder)
        assert again == page.read_text(encoding="utf-8"), f"python -m hbir study draw {folder} --page {page}"
    assert {path.name for path in folder.glob("*.svg")} == {path.name for path in tmp_path.glob("*.svg")}


@by_folder
def test_places_are_empty_until_there_are_results(name: str):
    found = places(name, PAGES[name][0])
    assert len(found) > 1
    assert all(bool(part.strip()) == has_results(name) for part in found)
