from hypothesis import given
from hypothesis import strategies as st

from hbir.collection.source import Pair, Version
from hbir.collection.splits import side_of, straddling
from hbir.core.schemas import TRAIN, VALIDATION
from tests.collection.sources import by_id, collected, held, write_jsonl


def test_the_side_is_the_groups():
    assert len({side_of(Pair(f"q{n}", f"p{n}", group="doc"), 0.5) for n in range(20)}) == 1
    assert len({side_of(Pair(f"q{n}", "The same passage."), 0.5) for n in range(20)}) == 1
    assert side_of(Pair("q", "p", split=VALIDATION), 0.0) == VALIDATION
    assert {side_of(Pair("q", f"p{n}"), 0.0) for n in range(50)} == {TRAIN}


def test_the_share_is_kept_and_a_larger_one_only_adds():
    sides = {
        share: {n for n in range(4000) if side_of(Pair("q", f"p{n}"), share) == VALIDATION}
        for share in (0.05, 0.2)
    }
    # Four standard deviations of a binomial share.
    assert abs(len(sides[0.05]) / 4000 - 0.05) < 0.014
    assert abs(len(sides[0.2]) / 4000 - 0.2) < 0.026
    assert sides[0.05] < sides[0.2]


def straddling_of(pairs):
    return by_id(pairs, straddling(held(pairs)))


def test_straddling_by_hand():
    pairs = {
        1: Pair("What?", "one", split=TRAIN),
        2: Pair("what? ", "two", split=VALIDATION),
        3: Pair("Who?", "ONE", split=VALIDATION),
        4: Pair("Why?", "three", split=VALIDATION),
        5: Pair("What?", "four", split=TRAIN),
        6: Pair("What?", "one", split=VALIDATION, query_key="key"),
    }
    assert straddling_of(pairs) == {
        2: "validation pair with a training pair's query",
        3: "validation pair with a training pair's passage",
    }


def test_straddling_in_another_language():
    english = {n: Pair(f"q{n}", f"p{n}", split=VALIDATION) for n in (2, 3, 4)}
    pairs = {
        1: Pair(
            "q1", "p1", split=TRAIN, versions={"zh": Version("简介", "一"), "de": Version("Frage", "Eins")}
        ),
        2: english[2]._replace(versions={"zh": Version("简介 ", "二")}),
        3: english[3]._replace(versions={"zh": Version("三？", "三"), "de": Version("Drei?", "eins")}),
        4: english[4]._replace(versions={"es": Version("frage", "eins"), "de": Version("q1", "p1")}),
    }
    assert straddling_of(pairs) == {
        2: "validation pair with a training pair's query",
        3: "validation pair with a training pair's passage",
    }


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("vwxyz"), st.sampled_from(["", "d", "e"]))))
def test_no_text_is_on_both_sides(rows):
    pairs = {n: Pair(query, passage, group=group) for n, (query, passage, group) in enumerate(rows)}
    pairs = {n: pair._replace(split=side_of(pair, 0.4)) for n, pair in pairs.items()}
    left = {n: pair for n, pair in pairs.items() if n not in straddling_of(pairs)}
    for part in ("query", "passage", "group"):
        sides = [
            {getattr(p, part) for p in left.values() if p.split == split} - {""}
            for split in (TRAIN, VALIDATION)
        ]
        assert sides[0].isdisjoint(sides[1])
    assert {n for n, pair in pairs.items() if pair.split == TRAIN} <= set(left)


def test_collected_splits_are_stable_and_follow_a_column(tmp_path):
    rows = [{"query": f"q{n}", "passage": f"p{n}", "page": n % 40} for n in range(400)]
    source = {"kind": "jsonl", "name": "faq", "group": "page", "validation": 0.2}
    whole = collected(source | {"path": write_jsonl(tmp_path / "a.jsonl", rows)}, near_duplicates=None)
    half = collected(source | {"path": write_jsonl(tmp_path / "b.jsonl", rows[::2])}, near_duplicates=None)
    sides = dict(zip(whole.english["query"].to_pylist(), whole.english["split"].to_pylist(), strict=True))
    pages: dict[object, set[str]] = {row["page"]: set() for row in rows}
    for row in rows:
        pages[row["page"]].add(sides[row["query"]])
    assert {len(found) for found in pages.values()} == {1}
    assert {TRAIN, VALIDATION} == set(sides.values())
    for row in half.english.to_pylist():
        assert row["split"] == sides[row["query"]]
