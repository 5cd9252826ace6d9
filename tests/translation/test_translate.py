from collections import Counter

import pyarrow as pa
import pytest

from hbir.cldr.facts import Fact
from hbir.cldr.keys import Sentence, passage_key, query_key
from hbir.cldr.names import Entity
from hbir.cldr.render import Renderer, renderer
from hbir.collection.collect import collect
from hbir.collection.params import CollectParams
from hbir.core.errors import DataError, LanguageError, ParamsError
from hbir.core.records import ENGLISH, PARALLEL, TRANSLATED
from hbir.translation import cldr
from hbir.translation.cldr import CldrEngine
from hbir.translation.engine import Engine, Segment
from hbir.translation.engines import make_engine
from hbir.translation.params import TranslateParams
from hbir.translation.translate import translate_pairs

NONE = PARALLEL.empty_table()


class Shouting:
    """Stand in for a neural engine: it reads texts, and fails on those that hold an X."""

    name = "shouting"

    def __init__(self) -> None:
        self.given: list[Segment] = []

    def translate(self, segments, target):
        self.given += segments
        return [None if "X" in segment.text else f"{target}:{segment.text.upper()}" for segment in segments]


def english(*pairs, keys=("", "")):
    columns = {
        "pair_id": range(len(pairs)),
        "passage_id": range(len(pairs)),
        "query_id": range(len(pairs)),
        "source": ["toy"] * len(pairs),
        "split": ["train"] * len(pairs),
        "query": [query for query, _ in pairs],
        "passage": [passage for _, passage in pairs],
        "query_key": [keys[0]] * len(pairs),
        "passage_key": [keys[1]] * len(pairs),
    }
    return pa.table({name: list(column) for name, column in columns.items()}, schema=ENGLISH)


@pytest.fixture(scope="module")
def corpus():
    return collect(CollectParams(sources=[{"kind": "cldr"}])).english


def test_a_text_engine_is_given_each_text_once():
    engine: Engine = (shouting := Shouting())
    table, summary = translate_pairs(english(("a", "p"), ("b", "p"), ("a", "q")), NONE, engine, "de")
    assert [segment.text for segment in shouting.given] == ["a", "b", "p", "q"]
    assert table.schema.equals(TRANSLATED)
    assert table["query"].to_pylist() == ["de:A", "de:B", "de:A"]
    assert table["passage"].to_pylist() == ["de:P", "de:P", "de:Q"]
    assert (summary.language, summary.pairs, summary.segments) == ("de", 3, 4)
    assert summary.dropped == Counter()
    assert str(summary) == "de: 3 pairs of 4 texts; dropped: none"


def test_pairs_with_a_missing_side_are_dropped_and_counted():
    pairs = [("X", "p"), ("b", "p"), ("a", "X"), ("X", "X")]
    table, summary = translate_pairs(english(*pairs), NONE, Shouting(), "de")
    assert table["pair_id"].to_pylist() == [1]
    assert summary.pairs == 1
    assert summary.dropped == {
        "no translation of the query": 1,
        "no translation of the passage": 1,
        "no translation of the query and the passage": 1,
    }


def test_english_passes_unchanged_through_any_engine():
    shouting = Shouting()
    table, summary = translate_pairs(english(("X", "p")), NONE, shouting, "en")
    assert table.to_pylist()[0]["query"] == "X"
    assert shouting.given == []
    assert summary.dropped == Counter()


def test_nothing_to_translate():
    table, summary = translate_pairs(ENGLISH.empty_table(), NONE, Shouting(), "de")
    assert len(table) == summary.pairs == 0
    assert table.schema.equals(TRANSLATED)


def test_an_engine_that_loses_count():
    class Losing(Shouting):
        def translate(self, segments, target):
            return super().translate(segments, target)[1:]

    with pytest.raises(DataError, match="expected 2 texts, found 1"):
        translate_pairs(english(("a", "p")), NONE, Losing(), "de")


@pytest.mark.parametrize("language", ["ar", "de", "el", "es", "hi", "ru", "th", "tr", "vi", "zh"])
def test_the_corpus_in_every_language(corpus, language):
    table, summary = translate_pairs(corpus, NONE, CldrEngine(), language)
    assert len(table) == summary.pairs > 4000
    assert summary.pairs + sum(summary.dropped.values()) == len(corpus)
    kept = set(table["pair_id"].to_pylist())
    same = corpus.filter(pa.array([pair in kept for pair in corpus["pair_id"].to_pylist()]))
    for column in ("pair_id", "passage_id", "query_id", "source", "split"):
        assert table[column].equals(same[column])
    assert table["query"].to_pylist() != same["query"].to_pylist()


def test_the_engine_does_not_read_the_text():
    key = query_key(Fact("currency", "JP", "JPY"), 0)
    assert CldrEngine().translate([Segment(key, "anything")], "zh") == ["日本的货币是什么？"]


def test_a_removed_name_drops_its_pairs(monkeypatch, corpus):
    whole = renderer("de")
    names = {entity: name for entity, name in whole.names.items() if entity != Entity("currency", "EUR")}
    monkeypatch.setattr(cldr, "renderer", lambda target: Renderer(target, names, whole.wordings))
    before, _ = translate_pairs(corpus, NONE, CldrEngine(), "de")
    monkeypatch.undo()
    after, summary = translate_pairs(corpus, NONE, CldrEngine(), "de")
    lost = set(after["pair_id"].to_pylist()) - set(before["pair_id"].to_pylist())
    euro = {row["pair_id"] for row in corpus.to_pylist() if ":EUR:" in row["query_key"]}
    assert lost == euro
    assert len(euro) > 50
    assert summary.pairs == len(before) + len(euro)


def test_plain_text_is_not_for_the_cldr_engine(monkeypatch):
    monkeypatch.setattr(cldr, "renderer", lambda target: pytest.fail("it began to render"))
    with pytest.raises(ParamsError, match=r"an engine that reads texts.*2 texts such as 'a'"):
        translate_pairs(english(("a", "p")), NONE, CldrEngine(), "de")


def parallel(*rows):
    return pa.table(dict(zip(PARALLEL.names, map(list, zip(*rows, strict=True)), strict=True)), schema=PARALLEL)


ROWS = parallel((1, "en", "b", "p"), (1, "de", "B-de", "P-de"), (2, "en", "a", "q"), (2, "zh", "甲", "乙"))


def test_parallel_pairs_are_looked_up_and_the_others_translated():
    shouting = Shouting()
    table, summary = translate_pairs(english(("a", "p"), ("b", "p"), ("a", "q")), ROWS, shouting, "de")
    assert [segment.text for segment in shouting.given] == ["a", "p"]
    assert table["pair_id"].to_pylist() == [0, 1]
    assert table["query"].to_pylist() == ["de:A", "B-de"]
    assert table["passage"].to_pylist() == ["de:P", "P-de"]
    assert (summary.pairs, summary.segments) == (2, 2)
    assert summary.dropped == {"no version in the parallel texts": 1}
    assert str(summary) == "de: 2 pairs of 2 texts; dropped: 1 with no version in the parallel texts"


def test_parallel_pairs_alone_need_no_engine():
    only = english(("x", "y"), ("b", "p"), ("a", "q")).slice(1)
    for language, query in (("en", ["b", "a"]), ("de", ["B-de"]), ("zh", ["甲"]), ("tr", [])):
        table, summary = translate_pairs(only, ROWS, CldrEngine(), language)
        assert table["query"].to_pylist() == query
        assert table.schema.equals(TRANSLATED)
        assert summary.segments == 0 or language == "en"


def test_codes_without_a_name_are_no_error():
    fact = Fact("currency", "JP", "QQQ")
    keys = query_key(fact, 0), passage_key([Sentence(fact, 0)])
    table, summary = translate_pairs(english(("a", "p"), keys=keys), NONE, CldrEngine(), "de")
    assert len(table) == 0
    assert sum(summary.dropped.values()) == 1


def test_language_without_templates(corpus):
    with pytest.raises(LanguageError, match=r"fr\.yaml"):
        translate_pairs(corpus, NONE, CldrEngine(), "fr")


def test_engines_by_name():
    assert make_engine(TranslateParams()).name == "cldr"
    with pytest.raises(ParamsError, match="Did you mean 'cldr'"):
        make_engine(TranslateParams(engine="cdlr"))
