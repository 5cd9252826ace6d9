import pytest

from hbir.cldr.corpus import TEST, questions, split_of
from hbir.cldr.keys import parse
from hbir.cldr.render import renderer
from hbir.collection import cldr
from hbir.collection.collect import KINDS, collect
from hbir.collection.params import CollectParams
from hbir.collection.source import Harvest, Kind, Pair
from hbir.core.errors import ParamsError
from hbir.core.params import params_class, section
from hbir.core.records import ENGLISH
from hbir.translation.cldr import CldrEngine
from hbir.translation.engine import Segment

CLDR = {"kind": "cldr"}


@params_class
class Toy:
    kind: str
    name: str = "toy"


@pytest.fixture(scope="module")
def collected():
    return collect(CollectParams(sources=[CLDR]))


def test_schema_order_and_ids(collected):
    table, _ = collected
    ids = table["pair_id"].to_pylist()
    assert table.schema.equals(ENGLISH)
    assert ids == sorted(set(ids))
    assert len(set(table["query_id"].to_pylist())) == len(ids)
    assert {*ids}.isdisjoint(table["passage_id"].to_pylist())


def test_ids_follow_keys(collected):
    rows = collected[0].to_pylist()
    assert len({row["passage_key"] for row in rows}) == len({row["passage_id"] for row in rows})
    assert len({(row["passage_key"], row["passage_id"]) for row in rows}) == len(
        {r["passage_id"] for r in rows}
    )
    assert len({(row["query_key"], row["query_id"]) for row in rows}) == len(rows)


def test_no_test_fact_is_collected(collected):
    table, _ = collected
    tested = {question.fact.pair for question in questions(TEST)}
    for row in table.to_pylist():
        sentences = parse(row["query_key"]).sentences + parse(row["passage_key"]).sentences
        assert {split_of(sentence.fact) for sentence in sentences} == {row["split"]}
        assert tested.isdisjoint(sentence.fact.pair for sentence in sentences)


def test_every_passage_answers_its_question(collected):
    for row in collected[0].to_pylist():
        (asked,) = parse(row["query_key"]).sentences
        stated = {(s.fact.family, s.fact.pair) for s in parse(row["passage_key"]).sentences}
        assert (asked.fact.family, asked.fact.pair) in stated


def test_counts(collected):
    table, summary = collected
    assert summary.pairs == len(table) == sum(summary.by_relation.values())
    assert summary.by_source == {"cldr": len(table)}
    assert sum(summary.by_split.values()) == len(table)
    assert set(summary.by_split) == {"train", "validation"}
    assert summary.by_relation["currency"] > 400
    assert set(summary.dropped) == {"cldr: fact without English names"}


def test_rendering_english_gives_the_collected_text(collected):
    table, _ = collected
    for side in ("query", "passage"):
        texts = table[side].to_pylist()
        segments = [Segment(key, "") for key in table[f"{side}_key"].to_pylist()]
        assert CldrEngine().translate(segments, "en") == texts


def test_only_english_is_read(monkeypatch, collected):
    read: list[str] = []

    def spy(language):
        read.append(language)
        return renderer(language)

    monkeypatch.setattr(cldr, "renderer", spy)
    table, _ = collect(CollectParams(sources=[CLDR]))
    assert read == ["en"]
    assert table.equals(collected[0])


def test_questions_without_english_words_are_counted(monkeypatch):
    class Mute:
        def render(self, key):
            return None

    monkeypatch.setattr(cldr, "renderer", lambda language: Mute())
    table, summary = collect(CollectParams(sources=[CLDR]))
    assert len(table) == 0
    assert summary.dropped["cldr: question without English words"] > 4000


def test_a_second_source_adds_only_what_is_new(collected):
    table, summary = collect(CollectParams(sources=[CLDR, {"kind": "cldr", "name": "again"}]))
    assert table.equals(collected[0])
    assert summary.dropped["again: repeated pair"] == len(table)


def test_texts_without_keys_get_ids_of_their_content(monkeypatch):
    pairs = [Pair("train", "a?", "A."), Pair("train", "b?", "A."), Pair("train", "a?", "A.")]
    monkeypatch.setitem(KINDS, "toy", Kind(Toy, lambda params: Harvest(pairs)))
    table, summary = collect(CollectParams(sources=[{"kind": "toy"}]))
    assert sorted(table["query"].to_pylist()) == ["a?", "b?"]
    assert len(set(table["passage_id"].to_pylist())) == 1
    assert summary.by_relation == {"toy": 2}
    assert summary.dropped == {"toy: repeated pair": 1}
    assert str(summary) == "2 pairs; by split: train 2; by relation: toy 2; dropped: toy: repeated pair 1"


def test_unknown_kind():
    with pytest.raises(ParamsError, match=r"sources\[0\]\.kind.*Did you mean 'cldr'"):
        collect(CollectParams(sources=[{"kind": "cldrr"}]))


def test_missing_kind():
    with pytest.raises(ParamsError, match=r"sources\[0\]\.kind"):
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
