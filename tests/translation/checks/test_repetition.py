import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.translation.checks import repetition
from hbir.translation.checks.repetition import repeats, units


def slow(numbers: list[int], times: int) -> bool:
    """Try every place and every period."""
    for period in range(1, min(repetition.LONGEST, len(numbers) // times) + 1):
        for start in range(len(numbers) - period * times + 1):
            unit = numbers[start : start + period]
            if numbers[start : start + period * times] == unit * times:
                return True
    return False


@given(st.lists(st.integers(0, 2), max_size=40), st.integers(2, 6))
def test_it_agrees_with_its_slow_twin(numbers: list[int], times: int):
    assert repeats(np.array(numbers, dtype=np.int64), times) == slow(numbers, times)


@given(
    before=st.lists(st.integers(0, 9), max_size=30),
    unit=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    after=st.lists(st.integers(0, 9), max_size=30),
    times=st.integers(2, 8),
)
def test_a_loop_is_found_wherever_it_stands(before, unit, after, times):
    assert repeats(np.array(before + unit * times + after, dtype=np.int64), times)


def test_one_repetition_less_is_no_loop():
    numbers = units("a b a b a b a b a b c", "de")
    assert repeats(numbers, 5)
    assert not repeats(numbers, 6)


def test_a_longer_period_than_is_looked_for_is_no_loop():
    for period, found in ((repetition.LONGEST, True), (repetition.LONGEST + 1, False)):
        assert repeats(np.array([*range(period)] * 3), 3) is found


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Ja, ja. JA!", "de", [0, 0, 0]),
        ("eins 2 eins", "de", [0, 1, 0]),
        ("哈哈，好", "zh", [0, 0, 1]),
        ("1000000 元", "zh", [0]),  # zeros in a row are no loop
        ("", "de", []),
    ],
)
def test_units_are_words_or_letters(text: str, language: str, expected: list[int]):
    numbers = units(text, language)
    assert numbers.tolist() == expected
    assert numbers.dtype == np.int64


@pytest.mark.timeout(60)
def test_time_grows_with_the_length_alone():
    """What compares every place with every other would take minutes."""
    texts = ("a" * 100_000, "ab" * 50_000, "a b " * 25_000, "".join(map(chr, range(0x4E00, 0x8E00))) * 6)
    assert [repeats(units(text[:100_000], "zh"), 60_000) for text in texts] == [True, False, False, False]
