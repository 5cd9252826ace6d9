"""The page in a real browser, where there is one, on a screen and on a phone: whole, without a complaint."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest

from hbir.reporting.page import comparison_page
from hbir.reporting.reproduce import Origin
from hbir.reporting.verdicts import compared
from tests.browser import CHROMIUM, NONE, shown

CLOSED, OPEN = "<details>", "<details open>"
SCRIPT = """<body><iframe id=f style="width:{width}px;height:900px" srcdoc="{page}"></iframe><script>
f.onload = () => {{
  const shown = [...f.contentDocument.querySelectorAll(".scroll")].map(table => {{
    const hint = table.nextElementSibling
    const style = hint && f.contentWindow.getComputedStyle(hint)
    const visible = hint?.classList.contains("swipe") && style.display != "none"
    return (table.scrollWidth > table.clientWidth ? "wide" : "whole") + (visible ? "+hint" : "")
  }})
  const page = f.contentDocument.documentElement
  const beyond = page.scrollWidth > page.clientWidth ? "beyond" : "within"
  document.body.innerHTML = "<p>" + shown.join(" ") + "</p><b>" + beyond + "</b>"
}}
</script></body>"""


def test_a_table_is_followed_by_the_hint(many):
    text = comparison_page(many, "hybrid")
    wide = re.findall(
        r'<table class="scores">.*?</table>\s*</div>\s*(<p class="soft swipe")?', text, flags=re.DOTALL
    )
    assert len(wide) > 3
    assert all(wide)


@pytest.mark.skipif(CHROMIUM is None, reason=NONE)
@pytest.mark.parametrize(("width", "expected"), [(420, {"wide+hint"}), (1280, {"whole", "wide"})])
def test_the_hint_is_seen_where_columns_are_hidden(width: int, expected: set[str], many, tmp_path: Path):
    origin = Origin(commit="c0ffee1", changed={"seed": "2"}, environments={"xx": {"platform": "Linux " * 9}})
    text = comparison_page(many, "hybrid", found=compared(many, "hybrid"), origin=origin)
    page = html.escape(text.replace(CLOSED, OPEN))
    (tmp_path / "frame.html").write_text(SCRIPT.format(width=width, page=page), encoding="utf-8")
    seen, console = shown(f"file://{tmp_path}/frame.html", tmp_path, width=1300)
    [found] = re.findall("<p>(.*)</p>", seen)
    assert set(found.split()) == expected
    assert "<b>within</b>" in seen  # nothing but tables goes beyond the screen
    assert console == ""


@pytest.mark.skipif(CHROMIUM is None, reason=NONE)
@pytest.mark.parametrize("width", [420, 1280])
def test_many_rows_with_long_names_stay_within_the_screen(width: int, many, tmp_path: Path):
    rows = [replace(many[n % len(many)], sampler=f"all_languages-{n}+centred") for n in range(26)]
    page = html.escape(comparison_page(rows, rows[2].sampler).replace(CLOSED, OPEN))
    (tmp_path / "frame.html").write_text(SCRIPT.format(width=width, page=page), encoding="utf-8")
    seen, console = shown(f"file://{tmp_path}/frame.html", tmp_path, width=1300)
    assert "<b>within</b>" in seen
    assert console == ""


@pytest.mark.skipif(CHROMIUM is None, reason=NONE)
def test_the_console_is_read(tmp_path: Path):
    """Else the test above could not fail."""
    (tmp_path / "bad.html").write_text("<script>nothing()</script><img src='none.png'>")
    _, console = shown(f"file://{tmp_path}/bad.html", tmp_path)
    assert "nothing is not defined" in console
