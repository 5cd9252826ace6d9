"""Schedules of alpha: every step has the composition of its segment, from its first to its last."""

import re
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hbir.batching.params import HybridParams
from hbir.batching.summary import monolingual_steps
from tests.batching.inventories import Pair, params, plan_of, rows_of
from tests.pages import ROOT

PAGE = ROOT / "docs/how-to/batches.md"
PAIRS = [Pair(i) for i in range(8)]


def segments(schedule, steps):
    """Return (first step, step after the last, alpha) of each segment, in exact arithmetic."""
    ends = [0, *(-(-Fraction(str(until)) * steps // 1) for until, _ in schedule)]
    return [(int(a), int(b), alpha) for (a, b), (_, alpha) in zip(pairwise(ends), schedule, strict=True)]


@st.composite
def schedules(draw):
    """Draw ends as people write them, with up to four decimals, and alphas that leave nothing to chance."""
    scale = draw(st.sampled_from([10, 8, 12, 100, 10_000]))
    places = draw(st.sets(st.integers(1, scale - 1), max_size=9))
    ends = sorted({round(place / scale, 4) for place in places})
    return [[end, float(draw(st.integers(0, 1)))] for end in [*ends, 1.0]]


@settings(max_examples=100, deadline=None)
@given(schedule=schedules(), steps=st.integers(1, 60))
def test_the_composition_changes_at_the_step_that_the_schedule_says(schedule, steps):
    batch_params = params(size=2, steps=steps, alpha=schedule)
    whole = monolingual_steps(plan_of("hybrid", PAIRS, batch_params)).tolist()
    rows = rows_of(plan_of("hybrid_rows", PAIRS, batch_params))
    expected = [bool(alpha) for first, end, alpha in segments(schedule, steps) for _ in range(first, end)]
    assert whole == expected
    assert [query == passage for _, _, query, passage in rows] == [x for x in expected for _ in range(2)]


@given(schedule=schedules(), steps=st.one_of(st.integers(1, 60), st.sampled_from([800, 10**5, 10**6, 999_983])))
def test_alpha_at_is_exact_at_both_sides_of_every_boundary(schedule, steps):
    """Dividing a step by the steps rounds; it never rounds across the end of a segment."""
    hybrid = HybridParams(alpha=schedule)
    for first, end, alpha in segments(schedule, steps):
        if first < end:
            assert hybrid.alpha_at(first / steps) == hybrid.alpha_at((end - 1) / steps) == alpha


def documented():
    """Read the schedules of the page by the names of their experiments."""
    text = PAGE.read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.findall(r"dvc exp run -n (\S+) -S +'batches\.hybrid\.alpha=(\[\[.*?\]\])'", text)
    return {name: YAML(typ="safe", pure=True).load(value) for name, value in found}


@pytest.mark.parametrize(
    ("name", "blocks"),
    [("xx-then-xy", "10"), ("xy-then-xx", "01"), ("blocks-4", "1010"), ("blocks-8", "10101010")],
)
def test_the_orders_of_the_page_are_what_they_are_called(name, blocks):
    steps = 10 * len(blocks)
    plan = plan_of("hybrid", PAIRS, params(size=2, steps=steps, alpha=documented()[name]))
    assert monolingual_steps(plan).tolist() == [block == "1" for block in blocks for _ in range(10)]


def test_every_order_of_the_page_has_as_many_xx_steps():
    """At equal budgets the orders alone differ; annealed, the expected share is the same."""
    schedules = documented()
    assert set(schedules) == {"xx-then-xy", "xy-then-xx", "blocks-4", "blocks-8", "annealed"}
    for schedule in schedules.values():
        share = sum((end - first) * alpha for first, end, alpha in segments(schedule, 800)) / 800
        assert share == pytest.approx(0.5)


def test_the_annealed_alpha_of_the_page_falls_in_ten_equal_steps_from_1_to_0():
    parts = segments(documented()["annealed"], 800)
    assert [end - first for first, end, _ in parts] == [80] * 10
    assert [alpha for *_, alpha in parts] == pytest.approx([place / 9 for place in range(9, -1, -1)], abs=0.005)
