"""Examples that wait: the order of a plain queue, at a cost that does not grow with its length."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.batching.examples import Example
from hbir.batching.inventory import Inventory
from hbir.batching.pool import Pool, two_languages
from hbir.batching.waiting import Step, Waiting
from hbir.batching.walk import Walk
from tests.batching.inventories import LANGUAGES, Pair, merged


class Queue:
    """The same, slowly: one list, looked through from its beginning at every step."""

    def __init__(self, keys):
        self.keys, self.examples = keys, []

    def offer(self, step):
        taken = [example for example in self.examples if step.missing and step.take(self.keys[example.row])]
        self.examples = [example for example in self.examples if example not in taken]
        return taken


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(1, 30),
    spans=st.tuples(*[st.integers(1, 10)] * 4),
    size=st.integers(1, 5),
)
def test_lines_give_what_one_queue_gives(seed, count, spans, size):
    """Each kind of key has few values, so that lines are long and cross."""
    chance = random.Random(seed)
    keys = [tuple(10 * kind + chance.randrange(span) for kind, span in enumerate(spans)) for _ in range(count)]
    waiting, queue = Waiting(lambda example: keys[example.row], lambda row: 1), Queue(keys)
    arrivals = [Example(row, row % 3, 2) for row in range(count)]
    while arrivals or queue.examples:
        for _ in range(min(len(arrivals), chance.randrange(1, 6))):
            waiting.add(arrivals[0], chance.choice(keys[arrivals[0].row]))
            queue.examples.append(arrivals.pop(0))
        steps = Step(size), Step(size)
        if arrivals:
            own = chance.choice(keys)
            assert [step.take(own) for step in steps] == [True, True]
        assert waiting.offer(steps[0]) == queue.offer(steps[1])
        assert waiting.listed() == queue.examples
    assert not waiting


def hubs():
    """Three in eight pairs have one passage, some of those and others one query."""
    return [
        Pair(i, passage_id=1 if i % 8 < 3 else None, query_id=2 if i % 8 in (2, 3) else None)
        for i in range(400)
    ]


@pytest.mark.parametrize("steps", [200, 1600])
def test_a_step_looks_at_few_waiting_examples_however_many_there_are(steps):
    """The queue grows by several examples at each step, and one list would be looked through each time."""
    size = 10
    walk = Walk(("test", "a"), Pool.of(Inventory.of(merged(hubs())), "a", LANGUAGES, two_languages), size, 1)
    walk.next_steps(steps)
    assert len(walk.waiting.listed()) > 2 * steps
    assert walk.waiting.looked_at < 2 * size * steps
