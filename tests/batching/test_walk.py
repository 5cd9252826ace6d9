import pytest

from hbir.batching.inventory import Inventory
from hbir.batching.pool import Pool, same_language, two_languages
from hbir.batching.walk import Step, Walk
from tests.batching.inventories import LANGUAGES, Pair, merged


def walk_over(pairs, size, pairing=same_language, languages=("en",), seed=0):
    return Walk(("test", "a"), Pool.of(Inventory.of(merged(pairs)), "a", languages, pairing), size, seed)


def pair_ids(walk, step):
    return [int(walk.pool.inventory.pair_ids[example.row]) for example in step]


def test_pass_deals_every_pair_once():
    walk = walk_over([Pair(i) for i in range(6)], size=3)
    first = pair_ids(walk, walk.next_step()) + pair_ids(walk, walk.next_step())
    second = pair_ids(walk, walk.next_step()) + pair_ids(walk, walk.next_step())
    assert sorted(first) == sorted(second) == list(range(6))
    assert first != second


def test_colliding_pairs_wait_and_come_first_in_the_order_of_their_waiting():
    hub = [Pair(i, passage_id=7) for i in range(4)]
    walk = walk_over(hub + [Pair(i) for i in range(10, 40)], size=8)
    steps = []
    for _ in range(4):
        waited = pair_ids(walk, walk.waiting)
        step = pair_ids(walk, walk.next_step())
        assert step[: len(waited[:1])] == waited[:1]
        assert pair_ids(walk, walk.waiting)[: len(waited) - 1] == waited[1:]
        steps += step
    assert len(set(steps)) == 32


def test_waiting_pair_keeps_its_languages():
    hub = [Pair(i, passage_id=7) for i in range(5)]
    walk = walk_over([*hub, Pair(10), Pair(11)], 3, two_languages, LANGUAGES)
    walk.next_step()
    waited = walk.waiting[0]
    assert walk.next_step()[0] == waited


@pytest.mark.parametrize("seed", range(4))
def test_pool_that_a_greedy_step_blocks_is_filled_all_the_same(seed):
    """Pair 0 collides with both others, which fit together: a step that begins with 0 cannot go on."""
    pairs = [Pair(0, passage_id=8, query_id=9), Pair(1, passage_id=8), Pair(2, query_id=9)]
    walk = walk_over(pairs, size=2, seed=seed)
    steps = [pair_ids(walk, walk.next_step()) for _ in range(5)]
    assert [sorted(step) for step in steps] == [[1, 2]] * 5
    assert pair_ids(walk, walk.waiting).count(0) >= 1


def test_reserve_counts_rows_that_can_stand_together():
    hub = [Pair(i, passage_id=7) for i in range(4)]
    walk = walk_over([*hub, Pair(10), Pair(11)], size=6)
    assert len(walk.reserve) == 3
    assert not walk.fills


def test_missing_languages_are_no_reason_to_leave_a_row_out_of_the_reserve():
    """Pair 0 again collides with both others, which exist in one language alone."""
    hub, *others = Pair(0, passage_id=8, query_id=9), Pair(1, ["de"], passage_id=8), Pair(2, ["de"], query_id=9)
    walk = walk_over([hub, *others], size=2, languages=LANGUAGES)
    assert walk.reserve == [1, 2]


def test_texts_equal_after_normalisation_collide_on_their_side_only():
    same = [Pair(0, queries={"en": "Euro"}), Pair(1, queries={"en": " ＥＵＲＯ "})]
    crossed = [Pair(0, queries={"en": "Euro"}), Pair(1, passages={"en": "Euro"})]
    assert not walk_over(same, size=2).fills
    assert walk_over(crossed, size=2).fills


def test_texts_of_languages_that_the_pool_does_not_use_collide_with_nothing():
    pairs = [Pair(i, queries={"de": "Euro"}) for i in range(2)]
    assert walk_over(pairs, size=2, languages=("en",)).fills
    assert not walk_over(pairs, size=2, languages=("de", "en")).fills


def test_step_takes_no_colliding_example_and_is_unchanged_by_the_offer():
    pool = walk_over([Pair(0, passage_id=7), Pair(1, passage_id=7), Pair(2)], size=2).pool
    first, second, third = pool.examples(pool.rows, pool.rows * 0)
    step = Step(2)
    taken = [step.take(example) for example in (first, second)]
    assert (taken, step.examples, step.full) == ([True, False], [first], False)
    step.take(third)
    assert (step.examples, step.full) == ([first, third], True)


def test_pool_offers_every_ordered_pair_of_languages_that_a_row_has():
    pairs = [Pair(0), Pair(1, languages=["de", "fr"]), Pair(2, languages=["fr"])]
    pool = Pool.of(Inventory.of(merged(pairs)), "a", LANGUAGES, two_languages)
    assert pool.rows.tolist() == [0, 1]
    assert pool.counts.tolist() == [6, 2]
    offered = [
        {tuple(pair) for pair in pool.choices[start : start + count].tolist()}
        for start, count in zip(pool.starts, pool.counts, strict=True)
    ]
    assert offered == [{(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)}, {(0, 2), (2, 0)}]
