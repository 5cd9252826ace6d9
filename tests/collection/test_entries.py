"""Entries come in the order of the grams, from the memory and from the disk alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.collection import entries
from hbir.collection.entries import Entries

grams = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 5), max_size=6)


@given(
    pairs=st.lists(grams, max_size=20),
    waiting=st.sampled_from([1, 7, 1000]),
    held=st.sampled_from([0, 9, 1000]),
)
@settings(max_examples=40, deadline=None)
def test_the_disk_gives_what_sorting_gives(pairs, waiting, held, tmp_path_factory):
    folder = tmp_path_factory.mktemp("entries")
    expected = sorted((gram, place) for place, found in enumerate(pairs) for gram in found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entries, "_WAITING", waiting)
        patch.setattr(entries, "_HELD", held)
        for home in (None, folder):
            with Entries(home) as some:
                for place, found in enumerate(pairs):
                    some.add(place, np.array(found, np.uint64))
                for _ in range(2):
                    parts = list(some.ordered())
                    columns = ((gram.tolist(), place.tolist()) for gram, place in parts)
                    assert [row for part in columns for row in zip(*part, strict=True)] == expected
                    firsts = [set(part[0].tolist()) for part in parts]
                    assert sum(map(len, firsts)) == len(set().union(*firsts))
    assert list(folder.iterdir()) == []
