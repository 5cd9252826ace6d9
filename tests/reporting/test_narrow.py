"""On a narrow screen the page says that a table goes on to the right, in a real browser where there is one."""

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hbir.reporting.page import comparison_page
from hbir.reporting.verdicts import compared

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize(("width", "expected"), [(420, {"wide+hint"}), (1200, {"whole", "wide"})])
def test_the_hint_is_seen_where_columns_are_hidden(width: int, expected: set[str], many, tmp_path: Path):
    page = html.escape(comparison_page(many, "hybrid", found=compared(many, "hybrid")).replace(CLOSED, OPEN))
    (tmp_path / "frame.html").write_text(SCRIPT.format(width=width, page=page), encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=1300,1000", "--dump-dom")
    places = (f"--user-data-dir={tmp_path}/profile", f"file://{tmp_path}/frame.html")
    command = [str(CHROMIUM), *options, "--virtual-time-budget=5000", *places]
    shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    [found] = re.findall("<p>(.*)</p>", shown)
    assert set(found.split()) == expected
    assert "<b>within</b>" in shown  # nothing but tables goes beyond the screen
