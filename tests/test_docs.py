"""The docs are true: links, commands and params exist, and the reference is what the code says."""

import re
import shutil
from itertools import pairwise
from pathlib import Path

import click
import pytest

from docs.generate.pages import REFERENCE, pages
from docs.generate.params import undescribed
from hbir import cli
from hbir.batching import compositions
from hbir.batching.build import make_plan
from hbir.batching.inventory import Inventory
from hbir.core.params import read_params
from hbir.core.samplers import SAMPLERS, Sampler
from hbir.inputs.check import check
from tests.batching.inventories import Pair, params, rows_of
from tests.batching.inventories import merged as table
from tests.pages import PAGES, README, ROOT, blocks, commands, merged, prose, settings

WIDTH = 100
WORDS = 920
FILLED = r"<!-- (e5): \w+ -->.*?<!-- /\1 -->"
"""What a report writes into a page."""
GENERATED = sorted(REFERENCE.glob("*.md"))
SAMPLER = ROOT / "docs/how-to/sampler.md"
by_name = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def add_sampler(monkeypatch: pytest.MonkeyPatch) -> str:
    """Do what the page on a new sampler says."""
    compose, register, describe = (block.text for block in blocks(SAMPLER, "python"))
    names = vars(compositions) | {"Sampler": Sampler, "COMPOSITIONS": {}}
    exec(compose + register, names)
    sampler: Sampler = eval(describe, names)
    monkeypatch.setitem(compositions.COMPOSITIONS, sampler.composition, names["COMPOSITIONS"][sampler.name])
    monkeypatch.setitem(SAMPLERS, sampler.name, sampler)
    return sampler.name


@by_name
def test_links_lead_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, anchor = target.partition("#")
        if path.startswith("http"):
            continue
        linked = page.parent / path if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@by_name
def test_commands_exist_and_nothing_is_left_to_fill_in(page: Path):
    text = page.read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"python -m hbir ([a-z][a-z-]*)", text)) <= {*cli.STAGES, *cli.TOOLS}
    assert set(re.findall(r"(?:\$ |`)make ([a-z]+)", text)) <= targets
    assert not re.findall(r"@[A-Z]+@|TODO", text)


@by_name
def test_every_command_of_hbir_has_these_arguments(page: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(click.Path, "convert", lambda self, value, param, ctx: value)
    group = cli.hbir
    for block in blocks(page, "console", "text"):
        for words in commands(block):
            if words[:3] == ["python", "-m", "hbir"] and page not in GENERATED:
                parent = click.Context(group)
                _, command, rest = group.resolve_command(parent, words[3:])
                assert command is not None
                if isinstance(command, click.Group):
                    parent = click.Context(command, info_name=words[3], parent=parent)
                    _, command, rest = command.resolve_command(parent, rest)
                    assert command is not None
                if "--help" not in rest:
                    command.make_context(words[3], rest, parent=parent)


@by_name
def test_what_an_experiment_sets_is_accepted(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By DVC's own function, and then by the stage `inputs`."""
    from dvc.utils.hydra import apply_overrides

    if page == SAMPLER:
        add_sampler(monkeypatch)
    for block in blocks(page, "console", "text"):
        for words in commands(block):
            changes = [change for option, change in pairwise(words) if option in ("-S", "--set-param")]
            if changes and words[:2] == ["dvc", "exp"]:
                params = tmp_path / "params.yaml"
                shutil.copy(ROOT / "params.yaml", params)
                apply_overrides(params, changes)
                check(read_params(params))


@by_name
def test_every_block_of_params_is_accepted(page: Path):
    for changes in settings(page):
        check(merged(read_params(ROOT / "params.yaml"), changes))


@by_name
def test_lines_are_wrapped(page: Path):
    for line in page.read_text(encoding="utf-8").splitlines():
        apart = line.startswith(("|", "[ ]")) or " " not in line.strip()
        assert apart or len(line) <= WIDTH or re.match(r"\W*\S+$", line), line


def test_the_readme_fits_a_coffee():
    text = re.sub(FILLED, "", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(text.split()) <= WORDS


def test_the_docs_name_every_top_level_folder_of_code():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for package in (ROOT / "hbir").glob("*/__init__.py"):
        assert f"`{package.parent.name}`" in text


def test_every_page_is_in_the_site():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        assert str(page.relative_to(ROOT / "docs")) in navigation


@pytest.mark.parametrize("name", ["commands.md", "params.md", "samplers.md", "measures.md", "benchmarks.md"])
def test_the_reference_is_what_the_code_says(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    written = (REFERENCE / name).read_text(encoding="utf-8")
    assert written == pages()[name], "run `python -m docs.generate`"


def test_the_sampler_of_the_page_composes_what_it_says(monkeypatch: pytest.MonkeyPatch):
    name = add_sampler(monkeypatch)
    inventory = Inventory.of(table([Pair(number) for number in range(20)]))
    plan = make_plan(name, inventory, params(size=4, steps=9), 1, "f")
    queries, passages = zip(*(row[2:] for row in rows_of(plan)), strict=True)
    assert {*queries} == {"en"}
    assert "en" not in passages
    assert len({*passages}) > 1


def test_every_param_is_described():
    assert undescribed() == []
