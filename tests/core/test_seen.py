"""What came before is known, however much it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.core import seen
from hbir.core.seen import Seen


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
