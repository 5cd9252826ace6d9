from hypothesis import given
from hypothesis import strategies as st

from hbir.collection.near_duplicates import bands, grams, jaccard, near_duplicates
from hbir.collection.source import Pair
from tests.collection.sources import collected, pairs_of, write_jsonl

LONG = "The quick brown fox jumps over the lazy dog near the river bank while {} watches from the hill."
QUESTION = "What does the quick brown fox jump over near the river bank?"


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


def test_the_bands_miss_at_most_one_in_a_hundred():
    assert bands(0.9) == (9, 7)
    for threshold in (0.1, 0.5, 0.9, 1.0):
        number, rows = bands(threshold)
        assert number * rows <= 64
        assert (1 - threshold**rows) ** number <= 0.01


def test_both_sides_must_be_near():
    pairs = {
        30: Pair(QUESTION, LONG.format("she")),
        10: Pair(QUESTION.upper(), LONG.format("he")),
        20: Pair("Who watches the fox from the hill, and why so?", LONG.format("he")),
        40: Pair(QUESTION, "Another text altogether, about the moon and the tides of the sea."),
    }
    assert near_duplicates(pairs, 0.8) == naive(pairs, 0.8) == {30}
    assert near_duplicates(pairs, 1.0) == set()


def test_templates_are_exempt():
    pairs = {n: Pair(QUESTION, LONG.format("he"), query_key=f"key{n}") for n in range(3)}
    assert near_duplicates(pairs, 0.5) == set()


sentence = st.lists(st.sampled_from(["river", "moon", "stone", "tower", "garden"]), min_size=1, max_size=4)


@given(st.lists(st.tuples(sentence, sentence), min_size=1, max_size=12), st.sampled_from([0.3, 0.6, 0.9, 1.0]))
def test_what_is_dropped_has_a_kept_twin(texts, threshold):
    pairs = {n: Pair(" ".join(query), " ".join(passage)) for n, (query, passage) in enumerate(texts)}
    dropped = near_duplicates(pairs, threshold)
    kept = [pair for n, pair in pairs.items() if n not in dropped]
    for pair_id in dropped:
        alike = [
            min(jaccard(pairs[pair_id].query, p.query), jaccard(pairs[pair_id].passage, p.passage))
            for p in kept
        ]
        assert max(alike) >= threshold
    assert dropped == near_duplicates(dict(reversed(pairs.items())), threshold)
    equal = {n for n, pair in pairs.items() if pair in list(pairs.values())[:n]}
    assert equal <= dropped


def test_nearly_all_of_the_naive_ones_are_found():
    words = [f"word{number}" for number in range(60)]
    pairs = {}
    for number in range(40):
        base = words[number % 20 :] + words[: number % 20]
        changed = [*base[:50], *(f"other{number}x{place}" for place in range(number % 3))]
        pairs[number] = Pair(" ".join(base[:12]), " ".join(changed))
    expected = naive(pairs, 0.8)
    assert len(expected) >= 20
    assert near_duplicates(pairs, 0.8) == expected


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
