"""Seeds: one stream per name, the same on every machine."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hbir.core.errors import HbirError
from hbir.core.seeds import derive_seed, generator

NAMES = st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=3)


@given(NAMES, NAMES, st.integers(0, 2**40))
def test_streams_differ_by_name(one, other, base):
    assert (derive_seed(base, *one) == derive_seed(base, *other)) == (one == other)
    assert 0 <= derive_seed(base, *one) < 2**63


def test_a_stream_is_the_same_everywhere():
    assert derive_seed(1, "plan", "xx") == 1838877264411529408
    assert np.array_equal(generator(1, "a").integers(0, 100, 5), generator(1, "a").integers(0, 100, 5))


def test_an_error_survives_pickling():
    import pickle

    error = HbirError(where="w", expected="e", found="f", hint="h.")
    assert str(pickle.loads(pickle.dumps(error))) == str(error) == "w: expected e, found f. h."
