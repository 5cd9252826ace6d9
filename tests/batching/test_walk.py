import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.batching.inventory import Inventory
from hbir.batching.pool import Pool, same_language, two_languages
from hbir.batching.waiting import Step
from hbir.batching.walk import Walk
from tests.batching.inventories import LANGUAGES, Pair, fillable, merged


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
        waited = pair_ids(walk, walk.waiting.listed())
        step = pair_ids(walk, walk.next_step())
        assert step[: len(waited[:1])] == waited[:1]
        assert pair_ids(walk, walk.waiting.listed())[: len(waited) - 1] == waited[1:]
        steps += step
    assert len(set(steps)) == 32


def test_waiting_pair_keeps_its_languages():
    hub = [Pair(i, passage_id=7) for i in range(5)]
    walk = walk_over([*hub, Pair(10), Pair(11)], 3, two_languages, LANGUAGES)
    walk.next_step()
    waited = walk.waiting.listed()[0]
    assert walk.next_step()[0] == waited


@pytest.mark.parametrize("seed", range(4))
def test_pool_that_a_greedy_step_blocks_is_filled_all_the_same(seed):
    """Pair 0 collides with both others, which fit together: a step that begins with 0 cannot go on."""
    pairs = [Pair(0, passage_id=8, query_id=9), Pair(1, passage_id=8), Pair(2, query_id=9)]
    walk = walk_over(pairs, size=2, seed=seed)
    steps = [pair_ids(walk, walk.next_step()) for _ in range(5)]
    assert [sorted(step) for step in steps] == [[1, 2]] * 5
    assert pair_ids(walk, walk.waiting.listed()).count(0) >= 1


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
    first, second, third = (1, 2, 3, 4), (5, 2, 6, 7), (5, 8, 6, 7)
    step = Step(2)
    assert [step.take(first), step.take(second)] == [True, False]
    assert (step.missing, step.used) == (1, {1, 2, 3, 4})
    assert step.take(third)
    assert step.missing == 0


def test_pool_offers_every_ordered_pair_of_languages_that_a_row_has():
    pairs = [Pair(0), Pair(1, languages=["de", "fr"]), Pair(2, languages=["fr"])]
    pool = Pool.of(Inventory.of(merged(pairs)), "a", LANGUAGES, two_languages)
    assert (len(pool), pool.rows().tolist()) == (2, [0, 1])
    stream = np.random.default_rng(0)
    drawn = {example for _ in range(200) for example in pool.examples(pool.rows(), stream).listed()}
    assert sorted(drawn) == [
        *((0, *langs) for langs in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1))),
        *((1, *langs) for langs in ((0, 2), (2, 0))),
    ]


def test_keys_of_one_example_are_those_of_many():
    pool = walk_over([Pair(i, passage_id=i % 3) for i in range(9)], 2, two_languages, LANGUAGES).pool
    examples = pool.examples(pool.rows(), np.random.default_rng(0))
    assert [list(pool.keys_of(example)) for example in examples.listed()] == pool.keys(examples).T.tolist()


@settings(max_examples=50, deadline=None)
@given(data=st.data(), size=st.integers(2, 4), counts=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_steps_made_at_once_are_those_made_one_by_one(data, size, counts):
    pairs = data.draw(fillable(size))
    at_once, one_by_one = (walk_over(pairs, size, two_languages, LANGUAGES) for _ in range(2))
    made = [example for count in counts for example in at_once.next_steps(count).listed()]
    assert made == [example for _ in range(sum(counts)) for example in one_by_one.next_step()]
    assert at_once.waiting.listed() == one_by_one.waiting.listed()


@settings(max_examples=100, deadline=None)
@given(data=st.data(), size=st.integers(2, 4), asked=st.integers(2, 4))
def test_a_pool_that_surely_fills_does_fill(data, size, asked):
    pool = walk_over(data.draw(fillable(size)), asked, two_languages, LANGUAGES).pool
    assert len(pool.apart(asked)) == asked or not pool.surely_fills(asked)


def test_large_pools_with_a_passage_of_a_third_of_their_pairs_surely_fill():
    pairs = [Pair(i, passage_id=7 if i % 3 == 0 else i // 5) for i in range(600)]
    pool = walk_over(pairs, 8).pool
    assert pool.surely_fills(8)
    assert len(pool.apart(8)) == 8
    assert not walk_over(pairs[:20], 8).pool.surely_fills(8)
