"""How cost grows: the fit, the table, the estimate, and each axis at its smallest."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perf import scaling
from perf.growth import Axis, Grown, exponent, grow, table
from perf.machine import Origin
from perf.paper_scale import MFU, PEAK, hours, text, weights
from perf.scaling import AXES, PAGE, described, merged, put
from perf.shapes import SHAPES

GROWN = Grown(name="search, by passages", sizes=(10, 100, 1000), seconds=(1.0, 10.0, 100.0), memory=(5, 5, 5))


@given(st.floats(-3, 3), st.floats(1e-2, 1e3), st.lists(st.integers(1, 10**6), min_size=2, unique=True))
def test_the_exponent_of_a_power_is_found_again(power: float, factor: float, sizes: list[int]):
    costs = [factor * size**power for size in sizes]
    if min(costs) > 1e-3:
        assert exponent(sizes, costs) == pytest.approx(power, abs=1e-6)


def test_what_is_too_small_to_measure_is_no_infinity():
    assert exponent([1, 10], [0.0, 0.0]) == pytest.approx(0, abs=1e-9)
    assert exponent([1, 10], [0.0, 0.01]) == pytest.approx(1)


def test_the_estimate_goes_on_where_the_measurement_ends():
    assert GROWN.seconds_at(1000) == pytest.approx(100)
    assert GROWN.seconds_at(10**6) == pytest.approx(1e5)
    started = Grown(name="x", sizes=(10, 100, 1000), seconds=(5.1, 6.0, 15.0), memory=(1, 1, 1))
    assert started.seconds_at(2000) == pytest.approx(25)


def test_the_table():
    assert table([GROWN]).splitlines()[-1] == (
        "| search, by passages | 10 | 1,000 | 1 s to 100 s | 1.00 | 5 MB to 5 MB | 0.00 |"
    )


def half(size: int) -> float:
    """Hold so many MB, in no time worth measuring."""
    assert len(b"x" * (size * 10**6)) > 0
    return size / 2


@pytest.mark.slow
def test_an_axis_runs_every_size_in_a_process_of_its_own():
    lines: list[str] = []
    grown = grow(Axis(name="bytes", sizes=(20, 200), run=half), lines.append)
    assert grown.seconds == (10.0, 100.0)
    assert grown.memory[1] - grown.memory[0] == pytest.approx(180, abs=20)
    assert len(lines) == 2


def test_every_axis_spans_a_hundredfold_range():
    for axis in AXES:
        assert axis.sizes[-1] / axis.sizes[0] == pytest.approx(100)
        assert list(axis.sizes) == sorted(axis.sizes)


@pytest.mark.parametrize(
    ("run", "size"),
    [(scaling.by_batch, 4), (scaling.by_tokens, 6), (scaling.by_pairs, 80), (scaling.evaluation, 40)],
)
def test_the_work_of_an_axis_takes_time(run, size: int):
    assert run(size) > 0


def test_hours_by_hand():
    assert hours(PEAK * MFU * 7200) == pytest.approx(2)


def test_the_weights_are_those_of_xlm_r():
    assert weights(SHAPES["base"]) == pytest.approx(278e6, rel=0.01)
    assert weights(SHAPES["large"]) == pytest.approx(560e6, rel=0.01)


def test_the_estimate_says_what_it_assumes_and_what_follows_from_the_measurement():
    estimate = text([GROWN])
    assert "Nothing of this was measured" in estimate
    # 100 s at 1,000 passages, 0.1 s each: 106 million take 10.6 million seconds, 176,667 minutes.
    assert "176666.7 minutes" in estimate


def test_one_axis_is_measured_anew_and_the_others_stay():
    one, other = (Grown(name=axis.name, sizes=(1, 100), seconds=(1, 9), memory=(5, 5)) for axis in AXES[:2])
    here = Origin("a CPU", "versions", "abc", "2026-01-01")
    entries = merged(merged([], other, here), one, Origin("a CPU", "versions", "def", "2026-01-02"))
    assert [entry["name"] for entry in entries] == [one.name, other.name]
    again = merged(json.loads(json.dumps(entries)), other, here)
    page = described(again)
    assert "on 2026-01-02 at commit def: a CPU; on 2026-01-01 at commit abc: a CPU." in page
    assert page.count("| 1 s to 9 s |") == 2


def test_the_page_has_the_marks_and_keeps_the_rest():
    page = put(PAGE.read_text(encoding="utf-8"), "new")
    assert "\n\nnew\n\n" in page
    assert page.startswith(Path(PAGE).read_text(encoding="utf-8").partition(scaling.BEGIN)[0])
