"""all_languages: every query with its passages in all languages, none of which is a negative of another."""

from collections import Counter
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from hbir.batching.inventory import Inventory
from hbir.batching.pool import same_language
from hbir.batching.query_walk import QueryWalk
from hbir.batching.wide_pools import QueryPool
from tests.batching.inventories import LANGUAGES, Pair, fillable, merged, params, plan_of, rows_of
from tests.batching.test_invariants import steps_of

STEPS = 2000


def walk_over(pairs, size, seed=3):
    pool = QueryPool.of(Inventory.of(merged(pairs)), "a", LANGUAGES, same_language)
    return QueryWalk(("test", "a"), pool, size, seed)


def queries_of(rows):
    """Return the rows of each query of a batch, which stand side by side."""
    return [list(group) for _, group in groupby(rows, key=lambda row: row["pair"].pair_id)]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(4, 12), seed=st.integers(0, 99))
def test_every_step_holds_the_invariants(data, size, seed):
    pairs = data.draw(fillable(size))
    for rows in steps_of(pairs, plan_of("all_languages", pairs, params(size=size, steps=9), seed)):
        assert len(rows) == size
        assert len({row["source"] for row in rows}) == 1
        queries = queries_of(rows)
        assert len(queries) == len({row["pair"].pair_id for row in rows}) >= 2
        for column in ("passage_id", "query_id", "query"):
            assert len({row[column] for row in rows}) == len(queries), column
        passages = [{row["passage"] for row in query} for query in queries]
        assert sum(map(len, passages)) == len(set().union(*passages))
        for place, query in enumerate(queries):
            assert len({row["languages"][0] for row in query}) == 1
            langs = [row["languages"][1] for row in query]
            assert langs == sorted(set(langs))
            assert langs == sorted(query[0]["pair"].languages) or place == len(queries) - 1


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(4, 9), steps=st.integers(1, 20))
def test_no_query_is_lost(data, size, steps):
    assert_no_query_is_lost(walk_over(data.draw(fillable(size)), size), steps)


def assert_no_query_is_lost(walk, steps):
    """A query is dealt again only when all others were; what is dealt is in a step or waits."""
    drawn = Counter({int(row): 0 for row in walk.pool.rows()})
    for _ in range(steps):
        rows = [example.row for example in walk.next_step()]
        assert len(rows) == walk.size
        drawn.update(set(rows))
        counts = (drawn + Counter(example.row for example in walk.waiting.listed())).values()
        assert max(counts) - (min(counts) if len(counts) == len(walk.pool) else 0) <= 1


@settings(max_examples=50, deadline=None)
@given(data=st.data(), size=st.integers(4, 9), counts=st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_steps_made_at_once_are_those_made_one_by_one(data, size, counts):
    pairs = data.draw(fillable(size))
    at_once, one_by_one = (walk_over(pairs, size) for _ in range(2))
    made = [example for count in counts for example in at_once.next_steps(count).listed()]
    assert made == [example for _ in range(sum(counts)) for example in one_by_one.next_step()]
    assert at_once.waiting.listed() == one_by_one.waiting.listed()


def test_keys_of_one_example_are_those_of_many():
    pairs = [Pair(i, passage_id=i % 3, languages=LANGUAGES[i % 2 :]) for i in range(9)]
    pool = walk_over(pairs, 4).pool
    examples = pool.examples(pool.rows(), np.random.default_rng(0))
    assert [list(pool.keys_of(example)) for example in examples.listed()] == pool.keys(examples).T.tolist()


def test_pairs_that_lack_a_language_do_not_collide_in_it():
    assert walk_over([Pair(i, languages=["de", "en"]) for i in range(4)], 8).fills
    assert len({example.row for example in walk_over([Pair(i, ["de"]) for i in range(4)], 4).next_step()}) == 4


@pytest.mark.parametrize("seed", range(6))
def test_a_step_that_cannot_go_on_is_filled_from_the_reserve(seed):
    """Pair 0 collides with both others, which fit together."""
    pairs = [Pair(0, passage_id=8, query_id=9), Pair(1, passage_id=8), Pair(2, ["de", "en"], query_id=9)]
    walk = walk_over(pairs, 4, seed)
    for _ in range(5):
        rows = Counter(example.row for example in walk.next_step())
        assert rows in ({1: 3, 2: 1}, {1: 2, 2: 2})


@pytest.mark.parametrize("seed", range(12))
def test_a_query_of_the_reserve_that_gets_no_row_waits(seed):
    """With pair 0 only 1 and 2 fit: three rows. Of 1 to 4 one is too many where 4 comes before it."""
    narrow = [Pair(1, ["de"]), Pair(2, ["de"]), Pair(3, ["de"], passage_id=8)]
    walk = walk_over([Pair(0, ["de"], passage_id=8, query_id=9), *narrow, Pair(4, query_id=9)], 5, seed)
    assert_no_query_is_lost(walk, 12)
    assert walk.waiting


def likely(observed):
    return chisquare(observed).pvalue > 0.001


def test_languages_of_queries_and_of_cut_passages_are_uniform():
    """Of five rows, the first query has three and the second two."""
    rows = rows_of(plan_of("all_languages", [Pair(i) for i in range(40)], params(size=5, steps=STEPS)))
    steps = np.array([row[1:] for row in rows], dtype=object).reshape(STEPS, 5, 3)
    assert (steps[:, :3, 0] == steps[:, :1, 0]).all()
    assert (steps[:, 3, 0] == steps[:, 4, 0]).all()
    assert (steps[:, :3, 2] == np.array(LANGUAGES)).all()
    for place in (0, 3):
        assert likely([np.count_nonzero(steps[:, place, 1] == lang) for lang in LANGUAGES])
    left_out = Counter(next(iter(set(LANGUAGES) - set(step))) for step in steps[:, 3:, 2].tolist())
    assert likely([left_out[lang] for lang in LANGUAGES])


def test_the_cut_languages_do_not_follow_the_language_of_the_query():
    rows = rows_of(plan_of("all_languages", [Pair(i) for i in range(40)], params(size=4, steps=STEPS)))
    cells = Counter(row[2:] for row in rows[3::4])
    assert likely([cells[query, passage] for query in LANGUAGES for passage in LANGUAGES])


def test_sources_have_the_languages_that_they_have():
    pairs = [Pair(i, source="b", languages=["en", "fr"]) for i in range(12)] + [Pair(50 + i) for i in range(12)]
    steps = steps_of(pairs, plan_of("all_languages", pairs, params(size=6, steps=40)))
    widths = {rows[0]["source"]: {len(query) for query in queries_of(rows)} for rows in steps}
    assert widths == {"a": {3}, "b": {2}}
