"""The rows that a comparison may show, by their names."""

import re

import pytest

from hbir.core.rows import (
    ADJUSTMENTS,
    FLOORS,
    RIVALS,
    compared_rows,
    find_row,
    merged_name,
    merged_weight,
    mixed,
)
from hbir.core.samplers import SAMPLERS

EVERYTHING = {
    "samplers": ["xx", "hybrid"],
    "baselines": ["mixed"],
    "merged": [0, 0.25],
    "rivals": ["initial"],
    "floors": ["bm25", "random"],
    "evaluate": {"adjustments": ["centred", "lir"]},
}
MODELS = ["xx", "hybrid", "mixed", "merged-0", "merged-0.25", "initial"]


def test_rows_come_in_one_order():
    adjusted = [f"{model}+{name}" for name in ("centred", "lir") for model in MODELS]
    assert compared_rows(EVERYTHING) == [*MODELS, *adjusted, "bm25", "random"]


def test_an_older_file_lacks_the_keys():
    assert compared_rows({"samplers": ["xx"], "evaluate": None}) == ["xx"]


def test_every_row_is_known_and_has_its_own_colour():
    rows = [find_row(name) for name in compared_rows(EVERYTHING)]
    assert all(rows)
    colours = [row.colour for row in rows if row]
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)
    assert len(set(colours)) == len(colours)


@pytest.mark.parametrize(
    ("name", "model", "adjustment", "owns"),
    [
        ("hybrid", "hybrid", None, True),
        ("initial", "initial", None, False),
        ("merged-0.25", "merged-0.25", None, True),
        ("hybrid+centred", "hybrid", "centred", False),
        ("merged-0.25+lir", "merged-0.25", "lir", False),
        ("bm25", None, None, False),
    ],
)
def test_a_name_says_what_is_scored(name, model, adjustment, owns):
    row = find_row(name)
    assert row is not None
    assert (row.name, row.model, row.adjustment, row.owns_model) == (name, model, adjustment, owns)


@pytest.mark.parametrize(
    "name",
    [
        "bm25+centred",
        "hybrid+centred+lir",
        "hybrid+bogus",
        "merged-",
        "merged-2",
        "merged-nan",
        "merged-x",
        "x",
        "",
    ],
)
def test_what_cannot_be_a_row_is_none(name):
    assert find_row(name) is None


@pytest.mark.parametrize("weight", [0, 1, 0.25, 1.0, 0.1])
def test_the_share_comes_back_from_the_name(weight):
    assert merged_weight(merged_name(weight)) == weight
    assert merged_name(weight) == f"merged-{weight}"  # as DVC writes it


def test_an_average_says_both_shares():
    row = find_row("merged-0.25")
    assert row is not None
    assert "xx (0.25) and xy (0.75)" in row.description


def test_no_name_is_used_twice():
    names = [*SAMPLERS, *RIVALS, *FLOORS, *ADJUSTMENTS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("light", "expected"), [(0, "#804020"), (1, "#ffffff"), (-1, "#000000"), (0.5, "#c0a090")]
)
def test_a_colour_is_mixed_with_white_or_black(light, expected):
    assert mixed("#804020", light) == expected
