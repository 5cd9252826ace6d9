"""The report page runs nothing and loads nothing, whatever the names in it say."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from hbir.core.training_record import LanguageCount
from hbir.reporting.page import comparison_page
from hbir.reporting.reproduce import Origin
from hbir.reporting.verdicts import compared
from tests.browser import CHROMIUM, NONE, shown
from tests.reporting.builder import Kind, build, trained
from tests.reporting.page_reader import Page

MARKUP = "<x-evil title=\"'a'\"><script>document.title = 'ran'<\N{DIVISION SLASH}script>&lt;"
"""Characters that HTML, attributes and SVG read in their own way; no slash, for a folder's name."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> str:
    """A page each of whose free texts is markup."""
    languages = (f"de{MARKUP}", "en")
    names = {f"a{MARKUP}": Kind(languages=languages), "cldr": Kind(languages=languages)}
    one, other = build(tmp_path_factory.mktemp("scores"), ("xx", "xy"), benchmarks=names)
    counts = (LanguageCount(query_lang=MARKUP, passage_lang=MARKUP, count=3),)
    record = replace(trained(one), params={MARKUP: MARKUP}, composition=counts)
    rows = [replace(one, sampler=f"one{MARKUP}", record=record), replace(other, sampler=MARKUP)]
    origin = Origin(commit=MARKUP, changed={MARKUP: MARKUP}, environments={MARKUP: {MARKUP: MARKUP}})
    found = compared([one, other], "xx")
    return comparison_page(rows, MARKUP, {MARKUP: MARKUP}, found, origin)


def test_markup_in_a_name_is_text(hostile: str):
    page = Page(hostile)
    assert not {"x-evil", "script"} & {tag for tag, _ in page.tags}
    assert not {name for _, attributes in page.tags for name in attributes if name.startswith("on")}
    assert page.loads == []
    assert "".join(page.texts).count(MARKUP) > 40
    assert MARKUP not in hostile


def test_the_policy_lets_through_its_own_style_alone(hostile: str):
    [style] = re.findall(r"<style>(.*?)</style>", hostile, re.DOTALL)
    [policy] = [a["content"] for _, a in Page(hostile).tags if a.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src-elem 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; style-src 'none'")
    assert not {"script-src", "connect-src", "img-src", "http"} & set(re.findall(r"[\w-]+", policy))
    head = hostile[: hostile.index("<style>")]
    assert "Content-Security-Policy" in head  # a policy holds for what follows it


@pytest.mark.skipif(CHROMIUM is None, reason=NONE)
def test_a_browser_keeps_to_the_policy(hostile: str, tmp_path: Path):
    """A script that got into the page does not run; of its own style there is no complaint."""
    bad = hostile.replace(
        "<main>", "<main><script>document.title = 'ran'</script><img src='x.png' onerror='a()'>"
    )
    (tmp_path / "page.html").write_text(bad, encoding="utf-8")
    seen, console = shown(f"file://{tmp_path}/page.html", tmp_path)
    assert "<title>ran</title>" not in seen
    refused = [line for line in console.splitlines() if "Content Security Policy" in line]
    assert len(refused) >= 2
    assert console.splitlines() == refused
    assert not any("style" in line.split("directive")[0] for line in refused), console
