"""What came before is known, however much it is."""

from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core import seen
from hbir.core.seen import Distinct, Seen


@given(st.lists(st.text("abc", max_size=3), max_size=60), st.sampled_from([1, 2, 5, 100]))
def test_it_answers_as_a_set_does(texts, recent):
    twin: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen, "_RECENT", recent)
        known = Seen()
        for text in texts:
            assert known.add(text) == (text in twin)
            twin.add(text)


def test_many_are_arrays_of_falling_length(monkeypatch):
    monkeypatch.setattr(seen, "_RECENT", 4)
    known = Seen()
    for number in range(4 * 7 + 3):
        assert not known.add(str(number))
    assert [len(run) for run in known._runs] == [16, 8, 4]
    assert len(known._recent) == 3


@given(st.lists(st.lists(st.integers(-5, 5) | st.integers(-(2**63), 2**63 - 1), max_size=20), max_size=20))
def test_different_numbers_are_counted(parts):
    counted = Distinct()
    for part in parts:
        counted.add(np.array(part, np.int64))
        assert [*map(len, counted._runs)] == sorted({*map(len, counted._runs)}, reverse=True)
    assert len(counted) == len({number for part in parts for number in part})


def test_a_number_is_sorted_a_few_times_however_many_come(monkeypatch):
    """Merging every part into one array would sort 2,079 numbers; six levels of 64 are 384."""
    union = Mock(wraps=np.union1d)
    monkeypatch.setattr(np, "union1d", union)
    counted = Distinct()
    for number in range(64):
        counted.add(np.array([number]))
    assert len(counted) == 64
    assert sum(len(one) + len(other) for (one, other), _ in union.call_args_list) == 64 * 6
