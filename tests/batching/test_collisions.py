import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.batching.collisions import find_close


def first_with_a_collision(keys, start, steps, size):
    for step in range(steps):
        rows = [set(row) for row in keys.T.tolist()[start + step * size : start + (step + 1) * size]]
        if sum(map(len, rows)) > len(set().union(*rows)):
            return step
    return steps


@settings(max_examples=200, deadline=None)
@given(data=st.data(), size=st.integers(2, 5), values=st.integers(2, 40), together=st.integers(1, 3))
def test_clean_steps_are_those_without_a_collision(data, size, values, together):
    """Keys of a kind differ from those of another; some fall into one place of the table."""
    count = data.draw(st.integers(size, 40))
    draw = st.lists(st.integers(0, values), min_size=count, max_size=count)
    kinds = [0, 1, 2, *[3] * together]
    keys = np.array([[(4 * value + kind) << 17 for value in data.draw(draw)] for kind in kinds])
    close, start = find_close(keys, size, together), 0
    while (steps := (count - start) // size) > 0:
        clean = close.clean_steps(steps, size)
        assert clean == first_with_a_collision(keys, start, steps, size)
        moved = clean * size or data.draw(st.integers(1, 2 * size))
        close.move(moved)
        start += moved
