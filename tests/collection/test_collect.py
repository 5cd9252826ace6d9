from collections import Counter

import pytest

from hbir.cldr.corpus import TEST, questions, split_of
from hbir.cldr.keys import parse
from hbir.cldr.render import renderer
from hbir.collection import cldr
from hbir.collection.collect import collect
from hbir.collection.params import CollectParams
from hbir.collection.source import Harvest, Kind, Pair, TextSource, Version
from hbir.collection.sources import KINDS, sources_of_texts
from hbir.core.errors import DataError, ParamsError
from hbir.core.params import params_class, section
from hbir.core.schemas import ENGLISH_SCHEMA, PARALLEL_SCHEMA

CLDR = {"kind": "cldr"}


@params_class
class Toy(TextSource):
    kind: str
    name: str = "toy"
    validation: float = 0.0


def toy(monkeypatch, *pairs, dropped=None, kind="toy"):
    monkeypatch.setitem(KINDS, kind, Kind(Toy, lambda params: Harvest(iter(pairs), Counter(dropped))))
    return {"kind": kind}


@pytest.fixture(scope="module")
def collected():
    return collect(CollectParams(sources=[CLDR]))


def test_schema_order_and_ids(collected):
    table = collected.english
    ids = table["pair_id"].to_pylist()
    assert table.schema.equals(ENGLISH_SCHEMA)
    assert ids == sorted(set(ids))
    assert len(set(table["query_id"].to_pylist())) == len(ids)
    assert {*ids}.isdisjoint(table["passage_id"].to_pylist())


def test_ids_follow_keys(collected):
    rows = collected.english.to_pylist()
    assert len({row["passage_key"] for row in rows}) == len({row["passage_id"] for row in rows})
    assert len({(row["passage_key"], row["passage_id"]) for row in rows}) == len(
        {r["passage_id"] for r in rows}
    )
    assert len({(row["query_key"], row["query_id"]) for row in rows}) == len(rows)


def test_no_test_fact_is_collected(collected):
    table = collected.english
    tested = {question.fact.pair for question in questions(TEST)}
    for row in table.to_pylist():
        sentences = parse(row["query_key"]).sentences + parse(row["passage_key"]).sentences
        assert {split_of(sentence.fact) for sentence in sentences} == {row["split"]}
        assert tested.isdisjoint(sentence.fact.pair for sentence in sentences)


def test_every_passage_answers_its_question(collected):
    for row in collected.english.to_pylist():
        (asked,) = parse(row["query_key"]).sentences
        stated = {(s.fact.family, s.fact.pair) for s in parse(row["passage_key"]).sentences}
        assert (asked.fact.family, asked.fact.pair) in stated


def test_counts(collected):
    table, summary = collected.english, collected.summary
    assert summary.pairs == len(table) == sum(summary.by_relation.values())
    assert summary.by_source == {"cldr": Counter(table["split"].to_pylist())}
    assert set(summary.by_source["cldr"]) == {"train", "validation"}
    assert summary.by_relation["currency"] > 400
    assert set(summary.dropped) == {"cldr: fact without English names"}


def test_rendering_english_gives_the_collected_text(collected):
    table = collected.english
    for side in ("query", "passage"):
        texts = table[side].to_pylist()
        assert [renderer("en").render(key) for key in table[f"{side}_key"].to_pylist()] == texts


def test_only_english_is_read(monkeypatch, collected):
    read: list[str] = []

    def spy(language):
        read.append(language)
        return renderer(language)

    monkeypatch.setattr(cldr, "renderer", spy)
    table = collect(CollectParams(sources=[CLDR])).english
    assert read == ["en"]
    assert table.equals(collected.english)


def test_questions_without_english_words_are_counted(monkeypatch):
    class Mute:
        def render(self, key):
            return None

    monkeypatch.setattr(cldr, "renderer", lambda language: Mute())
    with pytest.raises(
        DataError, match=r"cldr: expected at least one pair.*query without English words 4\d{3}"
    ):
        collect(CollectParams(sources=[CLDR]))


def test_the_embedded_corpus_alone_has_no_parallel_texts(collected):
    assert collected.parallel.equals(PARALLEL_SCHEMA.empty_table())
    assert collected.summary.by_language == {}


def test_cleaning_leaves_the_embedded_corpus_whole(collected):
    bare = CollectParams(
        sources=[CLDR], near_duplicates=None, max_query_characters=10**6, max_passage_characters=10**6
    )
    assert collect(bare).english.equals(collected.english)


def test_a_second_source_adds_only_what_is_new(collected, monkeypatch):
    first = collected.english.to_pylist()[0]
    again = Pair(
        first["query"], first["passage"], first["split"], "train", first["query_key"], first["passage_key"]
    )
    source = toy(monkeypatch, again, Pair("new?", "New."))
    table, _, summary = collect(CollectParams(sources=[CLDR, source]))
    assert len(table) == len(collected.english) + 1
    assert summary.dropped["toy: repeated pair"] == 1
    assert summary.by_source["toy"] == {"train": 1}


def test_texts_without_keys_get_ids_of_their_content(monkeypatch):
    source = toy(monkeypatch, Pair("a?", "A."), Pair("b?", "A."), Pair("a?", "A."), dropped={"odd row": 2})
    table, _, summary = collect(CollectParams(sources=[source]))
    assert sorted(table["query"].to_pylist()) == ["a?", "b?"]
    assert len(set(table["passage_id"].to_pylist())) == 1
    assert str(summary) == "2 pairs\n  toy: 2 pairs (train 2); dropped: odd row 2, repeated pair 1"


def test_empty_and_over_long_texts(monkeypatch):
    pairs = [
        Pair(" \n", "A."),
        Pair("a?", ""),
        Pair("a" * 11, "A."),
        Pair("a?", "A" * 21),
        Pair("a" * 10, "A" * 20),
    ]
    source = toy(monkeypatch, *pairs)
    table, _, summary = collect(
        CollectParams(sources=[source], max_query_characters=10, max_passage_characters=20)
    )
    assert table["query"].to_pylist() == ["a" * 10]
    assert summary.dropped == {
        "toy: empty query": 1,
        "toy: empty passage": 1,
        "toy: over-long query": 1,
        "toy: over-long passage": 1,
    }


def test_versions_become_the_parallel_table(monkeypatch):
    versions = {"zh": Version("甲", "乙"), "de": Version("x" * 11, "D"), "ar": Version("س", " ")}
    source = toy(
        monkeypatch,
        Pair("a?", "A.", versions=versions, translate=False),
        Pair("b?", "B."),
        Pair("c?", "C.", translate=False),
    )
    english, parallel, summary = collect(CollectParams(sources=[source], max_query_characters=10))
    ids = dict(zip(english["query"].to_pylist(), english["pair_id"].to_pylist(), strict=True))
    assert parallel.schema.equals(PARALLEL_SCHEMA)
    assert sorted(parallel.to_pylist(), key=str) == sorted(
        [
            {"pair_id": ids["a?"], "lang": "en", "query": "a?", "passage": "A."},
            {"pair_id": ids["a?"], "lang": "zh", "query": "甲", "passage": "乙"},
            {"pair_id": ids["c?"], "lang": "en", "query": "c?", "passage": "C."},
        ],
        key=str,
    )
    assert summary.dropped == {"toy: version with over-long query": 1, "toy: version with empty passage": 1}
    assert summary.by_language == {"en": 2, "zh": 1}
    assert "\n  parallel in: en 2, zh 1" in str(summary)


def test_a_source_without_a_pair(monkeypatch):
    with pytest.raises(DataError, match=r"toy: expected at least one pair, found none left \(empty query 1\)"):
        collect(CollectParams(sources=[CLDR, toy(monkeypatch, Pair("", "A."))]))
    with pytest.raises(DataError, match=r"none left \(the source is empty\)"):
        collect(CollectParams(sources=[toy(monkeypatch)]))


def two_sources(monkeypatch, first, second, **keys):
    """Collect two sources, and return the rows that no engine is asked for, and what was dropped."""
    one, other = toy(monkeypatch, *first), toy(monkeypatch, *second, kind="toys") | {"name": "again"}
    english, parallel, summary = collect(CollectParams(sources=[one | keys, other]))
    names = dict(zip(english["pair_id"].to_pylist(), english["query"].to_pylist(), strict=True))
    rows = {(names[row["pair_id"]], row["lang"]): row["query"] for row in parallel.to_pylist()}
    return rows, summary


def test_a_repeated_pair_brings_its_versions(monkeypatch):
    def given(*texts):
        return {lang: Version(text, text) for lang, text in texts}

    first = [
        Pair("a?", "A.", translate=False),
        Pair("b?", "B.", translate=False, versions=given(("de", "b de?"))),
        Pair("c?", "C."),
    ]
    second = [
        Pair("a?", "A.", translate=False, versions=given(("de", "a de?"))),
        Pair("b?", "B.", translate=False, versions=given(("de", "other?"), ("es", "b es?"))),
        Pair("c?", "C."),
    ]
    rows, summary = two_sources(monkeypatch, first, second)
    assert rows == {
        ("a?", "en"): "a?",
        ("a?", "de"): "a de?",
        ("b?", "en"): "b?",
        ("b?", "de"): "b de?",
        ("b?", "es"): "b es?",
    }
    assert summary.by_source["toy"].total() == 3
    assert summary.dropped == {"again: repeated pair": 3}
    assert "again: 0 pairs (none); dropped: repeated pair 3" in str(summary)


@pytest.mark.parametrize("swapped", [False, True])
def test_an_engine_brings_the_languages_that_a_parallel_source_lacks(monkeypatch, swapped):
    texts = [Pair("a?", "A.")]
    parallel = [Pair("a?", "A.", translate=False, versions={"de": Version("a de?", "A de.")})]
    sources = (parallel, texts) if swapped else (texts, parallel)
    rows, summary = two_sources(monkeypatch, *sources)
    assert rows == {("a?", "de"): "a de?"}
    assert summary.by_language == {"en": 1, "de": 1}


def test_a_source_that_is_not_to_be_translated_takes_no_language_from_another(monkeypatch):
    rows, summary = two_sources(monkeypatch, [Pair("a?", "A.")], [Pair("a?", "A.")], translate=False)
    assert rows == {}
    assert summary.by_language == {}


def test_a_source_of_repetitions_and_faults(monkeypatch):
    first = toy(monkeypatch, Pair("a?", "A."))
    second = toy(monkeypatch, Pair("a?", "A."), Pair("", "B."), kind="toys")
    with pytest.raises(DataError, match=r"again: .* none left \(empty query 1, repeated pair 1\)"):
        collect(CollectParams(sources=[first, second | {"name": "again"}]))


def test_no_more_than_the_limit_is_read(monkeypatch):
    def endless(params):
        return Harvest(Pair(f"{n}?", f"{n}.") for n in iter(int, 1))

    monkeypatch.setitem(KINDS, "toy", Kind(Toy, endless))
    assert len(collect(CollectParams(sources=[{"kind": "toy", "limit": 3}])).english) == 1


def test_the_leak_guard_is_checked_before_anything_is_read(monkeypatch):
    def fail(params):
        raise RuntimeError("it was read")

    monkeypatch.setitem(KINDS, "toy", Kind(Toy, fail))
    with pytest.raises(ParamsError, match="Did you mean 'cldr'"):
        collect(CollectParams(sources=[{"kind": "toy"}], leak_guard=["clrd"]))


def test_which_sources_an_engine_must_translate(tmp_path):
    text = {"kind": "jsonl", "name": "faq", "path": str(tmp_path)}
    parallel = {"kind": "parallel", "name": "docs", "path": str(tmp_path)}
    assert sources_of_texts([CLDR, text, parallel]) == ["faq"]
    assert sources_of_texts([CLDR, text | {"translate": False}, parallel]) == []


def test_a_source_that_is_not_to_be_translated_stays_in_english_alone(monkeypatch):
    source = toy(monkeypatch, Pair("a?", "A."), Pair("b?", "B.", versions={"de": Version("b?", "Be.")}))
    collection = collect(CollectParams(sources=[source | {"translate": False}]))
    rows = collection.parallel.to_pylist()
    assert {(row["lang"], row["query"], row["passage"]) for row in rows} == {
        ("en", "a?", "A."),
        ("en", "b?", "B."),
    }


def test_unknown_kind():
    with pytest.raises(ParamsError, match=r"sources\[0\]\.kind.*Did you mean 'cldr'"):
        collect(CollectParams(sources=[{"kind": "cldrr"}]))


def test_missing_kind():
    with pytest.raises(ParamsError, match=r"sources\[0\]: expected a `kind`"):
        collect(CollectParams(sources=[{"name": "x"}]))


def test_unknown_key():
    with pytest.raises(ParamsError, match=r"sources\[0\].*'path'"):
        collect(CollectParams(sources=[{"kind": "cldr", "path": "x"}]))


def test_two_sources_of_one_name():
    with pytest.raises(ParamsError, match=r"sources\[1\]\.name.*a second time"):
        collect(CollectParams(sources=[CLDR, CLDR]))


def test_no_source():
    with pytest.raises(ParamsError, match="collect.sources"):
        section({"collect": {"sources": []}}, "collect", CollectParams)
