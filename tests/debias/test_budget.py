"""A budget becomes steps, and what has no room is refused with what it takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.errors import ParamsError
from hbir.debias.budget import FEWEST_STEPS, MOST_PASSES, VALIDATIONS, Speed, steps_within


@given(st.floats(10, 1e5), st.floats(0.01, 10), st.floats(0, 5), st.integers(100, 10**6), st.integers(2, 256))
def test_what_is_planned_fits(seconds: float, step: float, validation: float, pairs: int, size: int):
    speed = Speed(step=step, validation=validation)
    try:
        steps = steps_within(seconds, speed, pairs, size, 1)
    except ParamsError:
        assert FEWEST_STEPS * step + VALIDATIONS * validation > 0.9 * seconds
        return
    assert steps * step + VALIDATIONS * validation <= seconds
    assert FEWEST_STEPS <= steps <= max(FEWEST_STEPS, MOST_PASSES * pairs / size)


def test_a_budget_without_room_says_how_much_is_enough():
    speed = Speed(step=2.0, validation=1.0)
    with pytest.raises(ParamsError, match=r"--minutes: expected at least 3\.4, .*found 3\b") as raised:
        steps_within(5.0, speed, 1000, 10, 3)
    assert raised.value.hint.startswith("Raise it")
    assert steps_within(5.0 + 0.4 * 60, speed, 1000, 10, 3.4) >= FEWEST_STEPS
