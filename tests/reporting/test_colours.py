"""The page has a colour and a dash for as many samplers as there are, those of the table on white paper."""

import re

from hbir.core.samplers import SAMPLERS
from hbir.reporting.page import TEMPLATES

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
