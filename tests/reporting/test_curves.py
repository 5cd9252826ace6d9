from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.reporting.curves import (
    BOTTOM,
    DIGIT,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Curve,
    line_chart,
    nice_ticks,
    powers_of_ten,
)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1200, [0, 200, 400, 600, 800, 1000, 1200]),
        (0.79, 2.8, [0.5, 1, 1.5, 2, 2.5, 3]),
        (3.0, 3.0, [3, 4]),
        (0, 0, [0, 0.2]),
    ],
)
def test_ticks_are_round_and_enclose(low, high, ticks):
    assert nice_ticks(low, high, 5 if high != 1200 else 6)[: len(ticks)] == pytest.approx(ticks)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_enclose_any_range_in_few_steps(low, span):
    ticks = nice_ticks(low, low + span, 5)
    assert ticks[0] <= low + 1e-6 * span + 1e-9
    assert ticks[-1] >= low + span - 1e-6 * span - 1e-9
    assert 2 <= len(ticks) <= 8


def chart(*curves):
    return ElementTree.fromstring(line_chart(curves, "a label", "step", "loss"))


def test_the_ends_of_a_line_are_where_the_axes_end():
    (line,) = chart(Curve(name="xx", style="s0", points=((0, 4.0), (100, 0.0)))).iter("polyline")
    assert line.get("points") == f"{LEFT},{TOP} {WIDTH - RIGHT},{HEIGHT - BOTTOM}"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1, 1, [1, 10]),
        (1, 10, [1, 10]),
        (9, 10.5, [1, 10, 100]),
        (10, 10, [10, 100]),
        (600, 4664, [100, 1000, 10_000]),
    ],
)
def test_powers_of_ten_enclose(low, high, ticks):
    assert powers_of_ten(low, high) == ticks


def test_no_number_of_an_axis_leaves_the_picture():
    curve = Curve(name="xx", style="s0", points=((1, 0.0), (3_000_000, 1.0)))
    svg = ElementTree.fromstring(line_chart([curve], "a label", "rank", "share", log_x=True))
    last = next(text for text in svg.iter("text") if text.text == "10,000,000")
    assert float(str(last.get("x"))) + 5 * DIGIT <= WIDTH


def test_equal_factors_are_equal_steps():
    curve = Curve(name="xx", style="s0", points=((1, 0.0), (10, 0.5), (100, 1.0)))
    svg = ElementTree.fromstring(line_chart([curve], "a label", "rank", "share", log_x=True))
    (line,) = svg.iter("polyline")
    xs = [float(point.split(",")[0]) for point in str(line.get("points")).split()]
    assert xs == [LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT]
    assert {"1", "10", "100"} <= {text.text for text in svg.iter("text")}


def test_the_best_step_is_circled():
    svg = chart(Curve(name="xx", style="s0", points=((100, 2.0), (200, 1.0), (300, 1.5)), marked=200))
    (circle,) = svg.iter("circle")
    assert circle.find("title").text == "xx, step 200"


def test_a_single_point_is_seen():
    assert len(list(chart(Curve(name="xx", style="s0", points=((10, 1.0),))).iter("circle"))) == 1


def test_names_are_escaped():
    text = line_chart([Curve(name="<b>", style="s0", points=((1, 1.0),))], 'a "quoted" <label>', "<x>", "&")
    assert "<b>" not in text
    assert ElementTree.fromstring(text).get("aria-label") == 'a "quoted" <label>'
