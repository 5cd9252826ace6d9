import base64
import configparser
import csv
import hashlib
import json
import re
from pathlib import Path

import pytest
from dvc_render.html import render_html  # type: ignore[import-untyped]
from dvc_render.vega import VegaRenderer  # type: ignore[import-untyped]

from hbir.core.samplers import SAMPLERS
from hbir.reporting.page import COLOURS
from hbir.reporting.plots import write_plots
from tests.browser import CHROMIUM, NONE, shown
from tests.reporting.builder import KINDS, build, write_preferences
from tests.reporting.page_reader import Page

DVC = Path(__file__).parents[2] / ".dvc"
PLOTS = {
    "loss": ("step", "loss"),
    "settings": ("sampler", "value"),
    "languages": ("passage_lang", "query_lang"),
    "preferences": ("passage_lang", "query_lang"),
    "distances": ("distance", "share"),
}


@pytest.fixture(scope="module", params=[("cldr",), KINDS], ids=["cldr", "five benchmarks"])
def data(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("plots")
    results = build(folder / "scores", benchmarks=request.param, groups=False)
    write_preferences(results)
    write_plots(results, folder)
    return folder


@pytest.fixture
def renderer(data):

    def make(name, revs=("workspace",)):
        x, y = PLOTS[name]
        with (data / f"{name}.csv").open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        points = [{**row, "rev": rev} for rev in revs for row in rows]
        return VegaRenderer(
            points, name, template=name, template_dir=str(DVC / "plots"), x=x, y=y, title=f"A {name}"
        )

    return make


@pytest.mark.parametrize("name", PLOTS)
def test_templates_fill(name, renderer):
    spec = renderer(name, revs=("workspace", "HEAD")).get_filled_template()
    text = json.dumps(spec)
    assert "<DVC_METRIC" not in text
    assert spec["title"]["text"] == f"A {name}"
    assert {point["rev"] for point in spec["data"]["values"]} == {"workspace", "HEAD"}


@pytest.mark.parametrize("name", PLOTS)
def test_every_field_is_in_the_data_or_made_by_the_template(name, renderer):
    spec = renderer(name).get_filled_template()
    made = set(re.findall(r'"as": "(\w+)"', json.dumps(spec)))
    fields = set(re.findall(r'"field": "([^"]+)"', json.dumps({**spec, "data": {}})))
    tested = set(re.findall(r"datum\.(\w+)", json.dumps({**spec, "data": {}})))
    tested.discard("label")  # Vega's own, of a facet
    assert (fields | tested) - made <= set(spec["data"]["values"][0])


def test_numbers_are_parsed_as_numbers(renderer):
    numbers = {"loss": {"step", "loss"}, "distances": {"share", "distance"}, "preferences": {"excess"}}
    for name, parsed in (numbers | {"settings": {"value"}, "languages": {"value"}}).items():
        assert set(renderer(name).get_filled_template()["data"]["format"]["parse"]) == parsed


def test_the_page_needs_no_network(renderer, tmp_path):
    output = tmp_path / "plots" / "index.html"
    render_html([renderer(name) for name in PLOTS], output, DVC / "plots" / "page.html")
    text = output.read_text(encoding="utf-8")
    page = Page(text)
    assert page.loads == []
    assert "jsdelivr" not in text
    assert "{plot_divs}" not in text
    assert text.count("vegaEmbed('#") == len(PLOTS)
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "http" not in policy


def test_the_scripts_of_the_page_run_by_their_hashes_and_no_other():
    text = (DVC / "plots" / "page.html").read_text(encoding="utf-8")
    [allowed] = re.findall(r"; script-src ([^;]+);", text)
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert allowed.split() == [f"'sha256-{digest}'" for digest in digests]
    assert len(digests) == 4


def hostile(name: str, text: str) -> VegaRenderer:
    """Make a plot of one point, whose revision is markup; DVC writes it into a script as it is."""
    x, y = PLOTS[name]
    point = {x: 1, y: 1, "rev": text}
    return VegaRenderer([point], name, template=name, template_dir=str(DVC / "plots"), x=x, y=y, title="A name")


@pytest.mark.skipif(CHROMIUM is None, reason=NONE)
@pytest.mark.parametrize("data", [("cldr",)], indirect=True, ids=["cldr"])
def test_a_browser_draws_every_plot_and_runs_nothing_of_the_data(renderer, tmp_path):
    ends = ("</script></div>", "</script></template>")
    names = [f"{end}<script>document.title = 'ran'</script>" for end in ends]
    plots = [*map(renderer, PLOTS), hostile("loss", names[0]), hostile("distances", names[1])]
    output = tmp_path / "plots" / "index.html"
    render_html(plots, output, DVC / "plots" / "page.html")
    seen, console = shown(f"file://{output}", tmp_path)
    assert len(re.findall(r'<svg [^>]*class="marks"', seen)) == len(PLOTS)
    assert re.findall(r"The plot (\w+) cannot be read", seen) == ["loss", "distances"]
    assert "<title>hbir · plots</title>" in seen
    said = [line for line in console.splitlines() if "WARN The input spec uses Vega-Lite v5" not in line]
    assert said
    assert all("violates the following Content Security Policy" in line for line in said)


def test_the_inlined_scripts_are_the_named_builds():
    text = (DVC / "plots" / "page.html").read_text(encoding="utf-8")
    named = re.findall(r"^    ([\w-]+) [\d.]+ sha256 ([0-9a-f]{64})$", text, re.MULTILINE)
    scripts = dict(re.findall(r'<script id="([\w-]+)">(.*?)</script>', text, re.DOTALL))
    assert dict(named) == {
        name: hashlib.sha256(script.encode()).hexdigest() for name, script in scripts.items()
    }
    assert set(scripts) == {"vega", "vega-lite", "vega-embed"}
    assert "THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS" in text
    assert len(text.encode()) < 1_000_000


def test_dvc_is_told_of_the_page():
    config = configparser.ConfigParser()
    config.read_string("\n".join(line.strip() for line in (DVC / "config").read_text().splitlines()))
    assert (DVC / config["plots"]["html_template"]).is_file()


def test_colours_are_those_of_the_samplers():
    colours = [sampler.colour for sampler in SAMPLERS.values()]
    for name in ("loss", "settings", "distances"):
        ranges = re.findall(r'"range": (\["#[^\]]+\])', (DVC / f"plots/{name}.json").read_text())
        assert ranges
        assert all(json.loads(found)[: len(colours)] == colours for found in ranges)
        assert all(len(set(json.loads(found))) == COLOURS for found in ranges)


def test_a_line_beyond_the_colours_has_other_dashes():
    text = (DVC / "plots/distances.json").read_text()
    [colours] = re.findall(r'"range": (\["#[^\]]+\])', text)
    [dashes] = re.findall(r'"range": (\[\[.*?\]\])', text)
    numbers = len(json.loads(colours)), len(json.loads(dashes))
    lines = {tuple(place % number for number in numbers) for place in range(60)}  # Vega begins again, too
    assert len(lines) == 60


def test_the_colours_of_preferences_are_even_on_both_sides_of_none(renderer):
    """A scale from the least to the most would paint the least as strongly as the most."""
    spec = renderer("preferences").get_filled_template()
    assert spec["spec"]["layer"][0]["encoding"]["color"]["scale"]["domain"] == [-1, 1]


def test_two_revisions_of_three_samplers_fit_a_page_and_lines_go_from_point_to_point(renderer):
    panels = renderer("settings").get_filled_template()["vconcat"][0]
    assert panels["columns"] * 3 * 2 * panels["spec"]["width"]["step"] < 1000  # pixels
    assert renderer("loss").get_filled_template()["spec"]["mark"]["interpolate"] == "linear"
