"""The docs: every link, command and target that they name exists."""

import re
from pathlib import Path

import pytest

from hbir.cli import STAGES, TOOLS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    text = page.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in text.splitlines()
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        if not path:
            assert anchor in headings, target
        elif not path.startswith("http"):
            assert (page.parent / path).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist_and_nothing_is_left_to_fill_in(page: Path):
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"python -m hbir ([a-z][a-z-]*)", text)) <= {*STAGES, *TOOLS}
    assert set(re.findall(r"(?:\$ |`)make ([a-z]+)", text)) <= targets
    assert not re.findall(r"@[A-Z]+@", text)


def test_the_readme_names_every_top_level_folder_of_code():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for package in (ROOT / "hbir").glob("*/__init__.py"):
        assert f"{package.parent.name}/" in text
