"""The page has a colour and a dash for as many samplers as there are, those of the table on white paper."""

import re
from types import SimpleNamespace
from typing import Any

from hbir.core.samplers import SAMPLERS
from hbir.reporting.curves import SHAPES, SHAPES_ON_A_LINE, Curve, line_chart
from hbir.reporting.page import COLOURS, TEMPLATES, colour_classes

STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")


def test_the_page_has_the_colours_of_the_table_and_as_many_for_the_dark():
    light, dark = (dict(re.findall(r"--c(\d): (#[0-9a-f]{6});", part)) for part in STYLE.split("@media", 1))
    assert list(light.values())[: len(SAMPLERS)] == [sampler.colour for sampler in SAMPLERS.values()]
    assert light.keys() == dark.keys()


def test_every_sampler_has_a_line_of_its_own():
    styles = dict(re.findall(r"\.s(\d+) \{ --c: var\((.*?)\);", STYLE))
    lines = re.findall(r"\.s\d+ \{ (--c: .*?) \}", STYLE)
    assert list(styles) == [str(number) for number in range(len(styles))]
    assert len(SAMPLERS) <= len(set(lines)) == len(styles)
    assert [styles[str(number)] for number in range(len(SAMPLERS))] == [f"--c{n}" for n in range(len(SAMPLERS))]


def test_rows_beyond_the_colours_have_shapes():
    """Seven samplers, eleven averages and the untrained encoder, each adjusted twice, and two floors are 59."""
    rows: list[Any] = [SimpleNamespace(sampler=str(number)) for number in range(60)]
    found = colour_classes(rows)
    assert len(set(found.values())) == 60
    assert found["0"] == "s0"
    assert found["13"] == "s1 disc"
    assert max(int(style.split()[0][1:]) for style in found.values()) == COLOURS - 1
    for shape in SHAPES:
        assert f".swatch.{shape} {{" in STYLE


def test_a_shape_is_drawn_along_its_line():
    points = tuple((float(x), float(x)) for x in range(1, 12))
    curves = [Curve(name=style, style=style, points=points) for style in ("s1", "s1 disc", "s1 cross")]
    chart = line_chart(curves, "", "", "")
    drawn = re.findall(r'<path d="M[\d. ]+?(m[^"]+)" class="mark (s1 \w+)"', chart)
    assert drawn == [
        (SHAPES[name], f"s1 {name}") for name in ("disc", "cross") for _ in range(SHAPES_ON_A_LINE)
    ]
