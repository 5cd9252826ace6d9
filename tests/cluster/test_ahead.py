"""Blocks are handed out ahead, within bounds, and results come in their order."""

from collections import Counter
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from hbir.cluster import ahead
from hbir.cluster.ahead import in_order


@given(st.integers(0, 40), st.integers(1, 4), st.randoms(use_true_random=False))
def test_results_come_in_order_whoever_is_done_first(count: int, workers: int, random):
    """Nobody has more than two blocks, and no more are taken than three for each worker."""
    taken: list[int] = []
    at: dict[int, int] = {}
    found: list[int] = []

    def blocks() -> Iterator[int]:
        for block in range(count):
            taken.append(block)
            yield block

    def submit(worker: int, block: int) -> int:
        at[block] = worker
        assert max(Counter(at.values()).values()) <= ahead._AT_A_WORKER
        return block

    def wait(tickets: list[int]) -> list[int]:
        assert set(tickets) == set(at)
        chosen: list[int] = random.sample(tickets, random.randint(1, len(tickets)))
        for ticket in chosen:
            del at[ticket]
        return chosen

    for ticket in in_order(blocks(), list(range(workers)), submit, wait):
        assert len(taken) - len(found) <= ahead._AHEAD * workers
        found.append(ticket)
    assert found == list(range(count))


def test_the_next_block_goes_to_whoever_is_free():
    given_to: list[str] = []

    def submit(worker: str, block: int) -> tuple[str, int]:
        given_to.append(worker)
        return worker, block

    def quick_first(tickets: list[tuple[str, int]]) -> list[tuple[str, int]]:
        quick = [ticket for ticket in tickets if ticket[0] == "quick"]
        return quick[:1] or tickets[:1]

    assert len(list(in_order(range(12), ["slow", "quick"], submit, quick_first))) == 12
    assert given_to.count("quick") > given_to.count("slow")
