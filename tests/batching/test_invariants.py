from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hbir.batching.inventory import Inventory
from hbir.batching.pool import Pool, same_language, two_languages
from hbir.batching.walk import Walk
from hbir.core.text import normalise
from tests.batching.inventories import LANGUAGES, ROW_BY_ROW, fillable, merged, params, plan_of, rows_of


def steps_of(pairs, plan):
    """Return for each step its rows, as dictionaries with all that the invariants speak of."""
    known = {pair.pair_id: pair for pair in pairs}
    steps: list[list[Any]] = [[] for _ in range(plan.steps)]
    for step, pair_id, query_lang, passage_lang in rows_of(plan):
        pair = known[pair_id]
        assert pair.split == "train"
        assert {query_lang, passage_lang} <= set(pair.languages)
        steps[step].append(
            {
                "pair": pair,
                "passage_id": pair.row("en")["passage_id"],
                "query_id": pair.row("en")["query_id"],
                "query": normalise(pair.row(query_lang)["query"]),
                "passage": normalise(pair.row(passage_lang)["passage"]),
                "source": pair.source,
                "languages": (query_lang, passage_lang),
            }
        )
    return steps


def is_xx(rows):
    return len({language for row in rows for language in row["languages"]}) == 1


def is_xy(rows):
    return all(query != passage for query, passage in (row["languages"] for row in rows))


LANGUAGE_RULES = {
    "xx": is_xx,
    "xy": is_xy,
    "hybrid": lambda rows: is_xx(rows) or is_xy(rows),
    "mixed": lambda rows: all(query == passage for query, passage in (row["languages"] for row in rows)),
    "english": lambda rows: {row["languages"] for row in rows} == {("en", "en")},
    "hybrid_rows": lambda rows: all(len(row["pair"].languages) > 1 for row in rows),
}


@pytest.mark.parametrize("composition", ROW_BY_ROW)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), size=st.integers(2, 5), seed=st.integers(0, 99))
def test_every_step_holds_the_invariants(composition, data, size, seed):
    pairs = data.draw(fillable(size))
    plan = plan_of(composition, pairs, params(size=size, steps=9), seed)
    for rows in steps_of(pairs, plan):
        assert len(rows) == size
        for column in ("passage_id", "query_id", "query", "passage"):
            assert len({row[column] for row in rows}) == size, column
        assert len({row["source"] for row in rows}) == 1
        assert LANGUAGE_RULES[composition](rows)


@pytest.mark.parametrize("pairing", [same_language, two_languages])
@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(2, 4), steps=st.integers(1, 20))
def test_no_row_is_lost(pairing, data, size, steps):
    pool = Pool.of(Inventory.of(merged(data.draw(fillable(size)))), "a", LANGUAGES, pairing)
    walk = Walk(("test", "a"), pool, size, seed=3)
    drawn = Counter({int(row): 0 for row in pool.rows()})
    for _ in range(steps):
        drawn.update(example.row for example in walk.next_step())
        counts = (drawn + Counter(example.row for example in walk.waiting.listed())).values()
        assert max(counts) - (min(counts) if len(counts) == len(pool) else 0) <= 1


@settings(max_examples=30, deadline=None)
@given(data=st.data(), seed=st.integers(0, 99))
def test_alpha_one_is_xx_and_alpha_zero_is_xy(data, seed):
    pairs = data.draw(fillable(3))

    def rows(composition, alpha):
        return rows_of(plan_of(composition, pairs, params(size=3, alpha=alpha), seed))

    assert rows("hybrid", 1.0) == rows("xx", 0.3)
    assert rows("hybrid", 0.0) == rows("xy", 0.3)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), alpha=st.floats(0, 1))
def test_hybrid_takes_its_steps_from_the_xx_and_the_xy_plan_in_their_order(data, alpha):
    pairs = data.draw(fillable(2))
    batches = {
        name: [tuple(row[1:] for row in rows_of_step) for rows_of_step in by_step(pairs, name, alpha)]
        for name in ("xx", "xy", "hybrid")
    }
    left = {name: iter(batches[name]) for name in ("xx", "xy")}
    for batch in batches["hybrid"]:
        part = "xx" if batch[0][1] == batch[0][2] else "xy"
        assert batch == next(left[part])


def by_step(pairs, name, alpha):
    rows = rows_of(plan_of(name, pairs, params(steps=12, alpha=alpha)))
    return [rows[start : start + 2] for start in range(0, len(rows), 2)]
