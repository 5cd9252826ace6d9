import random
from typing import NamedTuple
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hbir.collection import crowds
from hbir.collection import near_duplicates as module
from hbir.collection.crowds import Comparer
from hbir.collection.near_duplicates import drop_near_duplicates, grams, jaccard
from hbir.collection.progress import shown
from hbir.collection.source import Pair
from tests.collection.sources import collected, held, pairs_of, write_jsonl

LONG = "The quick brown fox jumps over the lazy dog near the river bank while {} watches from the hill."
QUESTION = "What does the quick brown fox jump over near the river bank?"


class Found(NamedTuple):
    ids: set[int]
    cut_short: int


def near_duplicates(pairs, threshold):
    store = held(pairs)
    cut_short = drop_near_duplicates(store, threshold)
    return Found(set(pairs) - {numbered.pair_id for numbered in store}, cut_short)


def naive(pairs, threshold):
    """Compare every pair with all that are kept."""
    kept: list[Pair] = []
    dropped = set()
    for pair_id in sorted(pairs):
        pair = pairs[pair_id]
        near = any(
            jaccard(pair.query, other.query) >= threshold and jaccard(pair.passage, other.passage) >= threshold
            for other in kept
        )
        if near:
            dropped.add(pair_id)
        else:
            kept.append(pair)
    return dropped


def test_grams_and_jaccard_by_hand():
    assert grams("Ab  cdE") == {"ab cd", "b cde"}
    assert grams("abc") == {"abc"}
    assert jaccard("abcdef", "abcdeg") == 1 / 3
    assert jaccard("abcdef", " ABCDEF") == 1.0


def test_both_sides_must_be_near():
    pairs = {
        30: Pair(QUESTION, LONG.format("she")),
        10: Pair(QUESTION.upper(), LONG.format("he")),
        20: Pair("Who watches the fox from the hill, and why so?", LONG.format("he")),
        40: Pair(QUESTION, "Another text altogether, about the moon and the tides of the sea."),
    }
    assert near_duplicates(pairs, 0.8).ids == naive(pairs, 0.8) == {30}
    assert near_duplicates(pairs, 1.0) == Found(set(), 0)


def test_templates_are_exempt():
    pairs = {n: Pair(QUESTION, LONG.format("he"), query_key=f"key{n}") for n in range(3)}
    assert near_duplicates(pairs, 0.5) == Found(set(), 0)


sentence = st.lists(st.sampled_from(["river", "moon", "stone", "tower", "garden"]), min_size=1, max_size=4)


@given(st.lists(st.tuples(sentence, sentence), min_size=1, max_size=12), st.sampled_from([0.3, 0.6, 0.9, 1.0]))
def test_exactly_the_naive_ones_are_found(texts, threshold):
    pairs = {n: Pair(" ".join(query), " ".join(passage)) for n, (query, passage) in enumerate(texts)}
    assert near_duplicates(pairs, threshold) == Found(naive(pairs, threshold), 0)
    assert near_duplicates(dict(reversed(pairs.items())), threshold) == Found(naive(pairs, threshold), 0)


@given(st.lists(st.text("abc ", max_size=12), min_size=2, max_size=12), st.sampled_from([0.1, 0.5, 0.7, 0.9]))
def test_short_texts_are_compared_exactly_too(texts, threshold):
    pairs = {n: Pair(text, text[::-1]) for n, text in enumerate(texts)}
    assert near_duplicates(pairs, threshold) == Found(naive(pairs, threshold), 0)


@given(
    st.lists(st.tuples(sentence, sentence), min_size=5, max_size=40),
    st.booleans(),
    st.sampled_from([0.5, 0.9]),
    st.sampled_from([1, 3, 1000]),
    st.sampled_from([0, 4, 1000]),
)
def test_large_groups_are_divided_and_give_the_same(texts, canned, threshold, most, at_once):
    """Groups of three and more are scanned; those larger than `most` are divided by the passages."""
    queries = ["What is it all about?"] * len(texts) if canned else [" ".join(query) for query, _ in texts]
    pairs = {n: Pair(queries[n], " ".join(passage)) for n, (_, passage) in enumerate(texts)}
    with pytest.MonkeyPatch.context() as patch:
        for where, name, value in (
            (crowds, "FEW", 1),
            (crowds, "PART", 4),
            (crowds, "AT_ONCE", at_once),
            (crowds, "MOST", most),
            (module, "MOST", most),
        ):
            patch.setattr(where, name, value)
        found = near_duplicates(pairs, threshold)
    assert found.cut_short == 0 or most < 1000
    if not found.cut_short:
        assert found.ids == naive(pairs, threshold)


@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40),
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40),
    st.one_of(st.none(), st.lists(st.booleans(), min_size=12, max_size=12)),
)
def test_a_group_at_once_is_the_group_pair_by_pair(maybe, alike, dropped):
    """Which of two is asked about, and how often, is the same too."""
    known = None if dropped is None else np.array(dropped)
    close = {frozenset(pair) for pair in maybe}
    found = []
    for at_once in (0, 12):
        compared = Mock(side_effect=lambda one, other: (one, other) in alike)
        comparer = Comparer(Mock(), 0.9, compared)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(crowds, "AT_ONCE", at_once)
            patch.setattr(comparer, "may_be", lambda one, other: _among(close, one, other))
            one, other = comparer.scan(np.arange(12), known)
        found.append((one.tolist(), other.tolist(), compared.call_args_list))
    assert found[0] == found[1]


def _among(close, one, other):
    both = np.broadcast_arrays(one, other)
    return np.array(
        [frozenset(pair) in close for pair in zip(*(side.tolist() for side in both), strict=True)], bool
    )


@pytest.mark.parametrize("at_once", [0, 256])
def test_who_waits_for_a_pair_that_is_left_out_is_compared_anew(monkeypatch, at_once):
    """1 is like 0 alone; 2 is like 1; 3 is like 2 alone. 1 goes, so 2 stays, and 3 goes for its sake."""
    monkeypatch.setattr(crowds, "FEW", 0)
    monkeypatch.setattr(crowds, "AT_ONCE", at_once)
    alike = {(0, 1), (1, 2), (2, 3)}
    pairs = {n: Pair("the same words in all of them", f"passage {n}") for n in range(4)}
    monkeypatch.setattr(module.Search, "_alike", lambda self, one, other: (one, other) in alike)
    monkeypatch.setattr(crowds.Comparer, "may_be", lambda self, one, other: other >= 0)
    assert near_duplicates(pairs, 0.9) == Found({1, 3}, 0)


def test_what_is_not_compared_is_counted(monkeypatch):
    for where in (crowds, module):
        monkeypatch.setattr(where, "MOST", 10)
    rng = random.Random(1)
    pairs = {n: Pair("What is it?", f"the river {rng.randrange(10**11, 10**12)}") for n in range(40)}
    assert near_duplicates(pairs, 0.3) == Found(set(), 30)


def random_words(rng, count):
    return " ".join(rng.choice(WORDS) for _ in range(count))


WORDS = ["order", "parcel", "refund", "late", "broken", "colour", "size", "app", "login", "card", "bank"]
CANNED = "Thank you for contacting us about your order. " * 3 + "A colleague will look into it within two days."


@pytest.mark.parametrize(
    "make",
    [
        lambda rng, n: Pair(f"{random_words(rng, 8)} {n}", CANNED),
        lambda rng, n: Pair(f"What are the opening hours of the store in street {n * 7919}?", CANNED),
        lambda rng, n: Pair(f"How do I change the password of my account {1000 + n}?", CANNED * 20),
        lambda rng, n: Pair(random_words(rng, 3), CANNED * 20),
        lambda rng, n: Pair("What did they say about it?", f"{n * 7919} {LONG.format(n)} {n * 104729}"),
    ],
    ids=["one answer", "one answer to a template", "a long one", "a long one to few words", "one query"],
)
def test_the_comparisons_grow_with_the_pairs_and_not_with_their_square(monkeypatch, make):
    """One long answer to many queries is what people's files are full of; so are templates."""
    compared = Mock(wraps=jaccard)
    monkeypatch.setattr(module, "jaccard", compared)
    rng = random.Random(1)
    near_duplicates({n: make(rng, n) for n in range(500)}, 0.9)
    assert compared.call_count < 500 * 25  # of 124,750


def test_long_work_gives_a_sign_of_life(caplog):
    caplog.set_level("INFO")
    times = iter(range(0, 1000, 20))
    assert list(shown("abcd", "reading faq", clock=lambda: next(times))) == list("abcd")
    assert caplog.messages == ["reading faq: 2 pairs", "reading faq: 4 pairs"]


def test_collect_counts_them_whatever_the_order_of_sources(tmp_path):
    one = write_jsonl(
        tmp_path / "a.jsonl",
        [{"query": QUESTION, "passage": LONG.format("he")}, {"query": "a", "passage": "b"}],
    )
    two = write_jsonl(
        tmp_path / "b.jsonl",
        [{"query": QUESTION, "passage": LONG.format("she")}, {"query": "c", "passage": "d"}],
    )
    sources = [
        {"kind": "jsonl", "name": name, "path": path, "validation": 0.0}
        for name, path in (("one", one), ("two", two))
    ]
    forth, back = (collected(*order, near_duplicates=0.8) for order in (sources, sources[::-1]))
    assert forth.english.equals(back.english)
    assert len(pairs_of(forth)) == 3
    assert sum(forth.summary.dropped.values()) == 1
    assert len(pairs_of(collected(*sources, near_duplicates=None))) == 4
