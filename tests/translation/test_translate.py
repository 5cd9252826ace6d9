from collections import Counter

import pyarrow as pa
import pytest

from hbir.cldr.facts import Fact
from hbir.cldr.keys import Sentence, passage_key, query_key
from hbir.cldr.names import Entity
from hbir.cldr.render import Renderer, renderer
from hbir.collection.collect import collect
from hbir.collection.params import CollectParams
from hbir.core import tables
from hbir.core.errors import DataError, LanguageError, ParamsError
from hbir.core.lines import read_jsonl
from hbir.core.schemas import ENGLISH_SCHEMA, PARALLEL_SCHEMA, TRANSLATED_SCHEMA
from hbir.translation.checks.rejection import Rejected, append_rejected, keep_rejected
from hbir.translation.engines import cldr
from hbir.translation.engines.cldr import CldrEngine
from hbir.translation.engines.engine import Engine, Segment
from hbir.translation.params import EngineParams
from tests.translation.makers import (
    Translation,
    assignment,
    checks,
    engine_of,
    only,
    translate_params,
    translated,
)

NONE = PARALLEL_SCHEMA.empty_table()


class Shouting:
    """Stand in for a neural engine: it reads texts, and fails on those that hold an X."""

    name = "shouting"
    truncated = 0
    mixes_languages = False
    abridges = False

    def __init__(self, target: str = "de") -> None:
        self.target = target
        self.given: list[Segment] = []

    def translate(self, segments):
        self.given += segments
        return [
            None if "X" in segment.text else f"{self.target}:{segment.text.upper()}" for segment in segments
        ]


def rendering(target: str) -> CldrEngine:
    return CldrEngine(EngineParams(name="cldr"), assignment(target))


def translate_pairs(english, parallel, engine, target, thresholds=None) -> Translation:
    return translated(english, parallel, engine, target, thresholds or only())


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
    return pa.table({name: list(column) for name, column in columns.items()}, schema=ENGLISH_SCHEMA)


@pytest.fixture(scope="module")
def corpus():
    return collect(CollectParams(sources=[{"kind": "cldr"}])).english


def test_a_text_engine_is_given_each_text_once():
    engine: Engine = (shouting := Shouting())
    table, summary, rejected = translate_pairs(english(("a", "p"), ("b", "p"), ("a", "q")), NONE, engine, "de")
    assert [segment.text for segment in shouting.given] == ["a", "b", "p", "q"]
    assert table.schema.equals(TRANSLATED_SCHEMA)
    assert table["query"].to_pylist() == ["de:A", "de:B", "de:A"]
    assert table["passage"].to_pylist() == ["de:P", "de:P", "de:Q"]
    assert (summary.language, summary.pairs, summary.texts) == ("de", 3, 4)
    assert summary.rejected == summary.absent == Counter()
    assert rejected == []
    assert str(summary) == "de: 3 pairs of 4 texts; rejected: none"


def test_pairs_with_a_missing_side_are_absent_and_counted_apart_from_the_rejected():
    pairs = [("X", "p"), ("b", "p"), ("a", "X"), ("X", "X")]
    table, summary, rejected = translate_pairs(english(*pairs), NONE, Shouting(), "de")
    assert table["pair_id"].to_pylist() == [1]
    assert (summary.pairs, summary.absent) == (1, {"no_translation": 3})
    assert summary.rejected == Counter()
    assert rejected == []
    assert str(summary) == "de: 1 pairs of 4 texts; rejected: none; absent: 3 no_translation"


def test_english_needs_no_engine_and_is_not_checked():
    table, summary, rejected = translate_pairs(english(("the same", " ")), NONE, None, "en", checks())
    assert table.to_pylist()[0]["query"] == "the same"
    assert (summary.pairs, summary.truncated) == (1, 0)
    assert summary.rejected == summary.absent == Counter()
    assert rejected == []


def test_nothing_to_translate():
    table, summary, _ = translate_pairs(ENGLISH_SCHEMA.empty_table(), NONE, Shouting(), "de", checks())
    assert summary.share == 0
    assert len(table) == summary.pairs == 0
    assert table.schema.equals(TRANSLATED_SCHEMA)


def test_an_engine_that_loses_count():
    class Losing(Shouting):
        def translate(self, segments):
            return super().translate(segments)[1:]

    with pytest.raises(DataError, match="expected 2 texts, found 1"):
        translate_pairs(english(("a", "p")), NONE, Losing(), "de")


@pytest.mark.parametrize("language", ["ar", "de", "el", "es", "hi", "ru", "th", "tr", "vi", "zh"])
def test_the_corpus_in_every_language(corpus, language):
    """No check of params.yaml rejects any of it."""
    table, summary, _ = translate_pairs(corpus, NONE, rendering(language), language, checks())
    assert len(table) == summary.pairs > 4000
    assert summary.rejected == Counter()
    assert summary.pairs + summary.absent["no_translation"] == len(corpus)
    kept = set(table["pair_id"].to_pylist())
    same = corpus.filter(pa.array([pair in kept for pair in corpus["pair_id"].to_pylist()]))
    for column in ("pair_id", "passage_id", "query_id", "source", "split"):
        assert table[column].equals(same[column])
    assert table["query"].to_pylist() != same["query"].to_pylist()


def test_the_engine_does_not_read_the_text():
    key = query_key(Fact("currency", "JP", "JPY"), 0)
    assert rendering("zh").translate([Segment(key, "anything")]) == ["日本的货币是什么？"]


def test_a_removed_name_drops_its_pairs(monkeypatch, corpus):
    whole = renderer("de")
    names = {entity: name for entity, name in whole.names.items() if entity != Entity("currency", "EUR")}
    monkeypatch.setattr(cldr, "renderer", lambda target: Renderer(target, names, whole.wordings))
    before = translate_pairs(corpus, NONE, rendering("de"), "de").table
    monkeypatch.undo()
    after, summary, _ = translate_pairs(corpus, NONE, rendering("de"), "de")
    lost = set(after["pair_id"].to_pylist()) - set(before["pair_id"].to_pylist())
    euro = {row["pair_id"] for row in corpus.to_pylist() if ":EUR:" in row["query_key"]}
    assert lost == euro
    assert len(euro) > 50
    assert summary.pairs == len(before) + len(euro)


def test_plain_text_is_not_for_the_cldr_engine(monkeypatch):
    monkeypatch.setattr(cldr, "renderer", lambda target: pytest.fail("it began to render"))
    with pytest.raises(ParamsError, match=r"an engine that reads texts.*2 texts such as 'a'"):
        translate_pairs(english(("a", "p")), NONE, rendering("de"), "de")


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_parts_show_in_nothing(monkeypatch, rows):
    """Texts that stand in two parts are counted once; those of one part are translated once."""
    given = english(("a", "p"), ("b", "p"), ("a", "q"), ("X", "p"), ("c", "q"))
    there = parallel(
        (1, "en", "b", "p"), (1, "de", "B-de", "P-de"), (4, "de", "c", "Q-de"), (4, "es", "c", "q")
    )
    whole = translate_pairs(given, there, Shouting(), "de", checks())
    monkeypatch.setattr(tables, "PIECE", 1)
    monkeypatch.setattr(tables, "GROUP_ROWS", rows)
    in_parts = translate_pairs(given, there, Shouting(), "de", checks())
    assert in_parts.table.equals(whole.table)
    assert in_parts[1:] == whole[1:]


def parallel(*rows):
    return pa.table(
        dict(zip(PARALLEL_SCHEMA.names, map(list, zip(*rows, strict=True)), strict=True)),
        schema=PARALLEL_SCHEMA,
    )


ROWS = parallel((1, "en", "b", "p"), (1, "de", "B-de", "P-de"), (2, "en", "a", "q"), (2, "zh", "甲", "乙"))


def test_parallel_pairs_are_looked_up_and_the_others_translated():
    shouting = Shouting()
    table, summary, _ = translate_pairs(english(("a", "p"), ("b", "p"), ("a", "q")), ROWS, shouting, "de")
    assert [segment.text for segment in shouting.given] == ["a", "p"]
    assert table["pair_id"].to_pylist() == [0, 1]
    assert table["query"].to_pylist() == ["de:A", "B-de"]
    assert table["passage"].to_pylist() == ["de:P", "P-de"]
    assert (summary.pairs, summary.texts) == (2, 2)
    assert summary.absent == {"no_version": 1}
    assert str(summary) == "de: 2 pairs of 2 texts; rejected: none; absent: 1 no_version"


def test_a_pair_without_an_english_row_is_translated_where_it_has_no_row():
    rows = parallel((1, "de", "B-de", "P-de"))
    for language, queries in (("de", ["de:A", "B-de"]), ("es", ["es:A", "es:B"]), ("en", ["a", "b"])):
        engine = None if language == "en" else Shouting(language)
        table, summary, _ = translate_pairs(english(("a", "p"), ("b", "p")), rows, engine, language)
        assert table["query"].to_pylist() == queries
        assert summary.absent == Counter()


def test_parallel_pairs_alone_need_no_engine():
    given = english(("x", "y"), ("b", "p"), ("a", "q")).slice(1)
    for language, query in (("en", ["b", "a"]), ("de", ["B-de"]), ("zh", ["甲"]), ("tr", [])):
        engine = None if language == "en" else rendering(language)
        table, summary, _ = translate_pairs(given, ROWS, engine, language)
        assert table["query"].to_pylist() == query
        assert table.schema.equals(TRANSLATED_SCHEMA)
        assert summary.texts == 0


def test_codes_without_a_name_are_no_error():
    fact = Fact("currency", "JP", "QQQ")
    keys = query_key(fact, 0), passage_key([Sentence(fact, 0)])
    table, summary, _ = translate_pairs(english(("a", "p"), keys=keys), NONE, rendering("de"), "de")
    assert len(table) == 0
    assert summary.absent == {"no_translation": 1}


def test_a_language_without_templates_is_refused_before_anything_is_translated():
    with pytest.raises(LanguageError, match=r"fr\.yaml"):
        rendering("fr")


def test_engines_by_name():
    assert engine_of(translate_params(engine="cldr"), "de").name == "cldr"
    with pytest.raises(ParamsError, match="Did you mean 'cldr'"):
        engine_of(translate_params(engine="cdlr"), "de")


class Parrot(Shouting):
    """Stand in for an engine whose translations are written down."""

    truncated = 2

    def __init__(self, **translations: str) -> None:
        super().__init__()
        self.translations = translations

    def translate(self, segments):
        return [self.translations[segment.text] for segment in segments]


def test_rejected_pairs_are_absent_counted_and_told_with_both_sides():
    engine = Parrot(a="A", b="", p="P", q="Q Q Q", r="R")
    pairs = english(("a", "p"), ("b", "p"), ("a", "q"), ("b", "q"), ("a", "r"))
    table, summary, rejected = translate_pairs(pairs, NONE, engine, "de", only(repetitions=3))
    assert table["pair_id"].to_pylist() == [0, 4]
    assert summary.rejected == {"empty": 2, "repetition": 1}  # of a pair, the query's reason counts
    assert (summary.pairs, summary.texts, summary.truncated, summary.share) == (2, 5, 2, 0.6)
    assert rejected[0] == {
        "pair_id": 1,
        "source": "toy",
        "reason": "empty",
        "query": {"english": "b", "translation": "", "reason": "empty"},
        "passage": {"english": "p", "translation": "P", "reason": None},
    }
    assert [pair["pair_id"] for pair in rejected] == [1, 2, 3]
    assert rejected[2]["passage"]["reason"] == "repetition"
    told = "de: 2 pairs of 5 texts; rejected: 2 empty, 1 repetition (60.0 %); 2 truncated"
    assert str(summary) == told
    assert summary.stats() == {
        "pairs": 2,
        "texts": 5,
        "truncated": 2,
        "rejected": {"empty": 2, "repetition": 1},
        "absent": {},
    }


def test_too_many_rejected_pairs_are_an_error():
    engine = Parrot(a="A", b="", p="P")
    _, summary, _ = translate_pairs(english(("a", "p"), ("b", "p")), NONE, engine, "de")
    summary.check(0.5, "there.jsonl")
    message = (
        r"translate de: expected at most 49\.0% of the pairs .*max_rejected.*, found 50\.0%: 1 empty. "
        r"Look at there.jsonl, then"
    )
    with pytest.raises(DataError, match=message):
        summary.check(0.49, "there.jsonl")


def test_no_pair_at_all_is_an_error_whatever_the_reasons():
    rows = parallel((2, "en", "a", "q"))
    engine = Parrot(a="", b="B", p="P")
    engine.translations["p"] = None  # type: ignore[assignment]
    _, summary, _ = translate_pairs(english(("a", "p"), ("b", "p"), ("a", "q")), rows, engine, "de")
    with pytest.raises(
        DataError, match=r"de: expected a pair, found none; 2 no_translation, 1 no_version\. Name an engine"
    ):
        summary.check(1.0, "there.jsonl")
    _, summary, _ = translate_pairs(english(("a", "a")), NONE, Parrot(a=""), "de")
    with pytest.raises(DataError, match=r"found none; 1 empty\. Look at there.jsonl"):
        summary.check(1.0, "there.jsonl")
    _, summary, _ = translate_pairs(ENGLISH_SCHEMA.empty_table(), NONE, None, "en")
    with pytest.raises(DataError, match="found none; data/english.parquet is empty. Add a source"):
        summary.check(1.0, "there.jsonl")
    _, summary, _ = translate_pairs(english(("x", "y"), ("x", "y"), ("a", "q")).slice(2), rows, Parrot(), "de")
    with pytest.raises(DataError, match="none; 1 no_version. Add a source that has the language"):
        summary.check(1.0, "there.jsonl")


def test_many_absent_pairs_are_told():
    _, summary, _ = translate_pairs(english(("a", "p"), ("X", "p"), ("b", "p")), NONE, Shouting(), "de")
    assert summary.missing == 1 / 3
    assert summary.warning(0.34) is None
    assert summary.warning(0.33) == "33.3% of the pairs have no translation into de: 1 no_translation"


def test_parallel_texts_are_checked_whatever_the_engine_does():
    """Of the engine's own texts, those that it mixes or abridges on purpose are left alone."""
    sentence = "Four words and more"
    rows = parallel((1, "en", sentence, "p"), (1, "de", sentence, "P"))
    for name in ("mixes_languages", "abridges"):
        engine = Parrot(**{sentence: sentence, "p": "P"})
        setattr(engine, name, True)
        table, summary, _ = translate_pairs(
            english((sentence, "p"), (sentence, "p")), rows, engine, "de", only(copied_words=4)
        )
        mixing = name == "mixes_languages"
        assert table["pair_id"].to_pylist() == ([0] if mixing else [])
        assert summary.rejected == {"copied": 1 if mixing else 2}


def test_an_engine_that_abridges_is_asked_for_neither_length_nor_numbers():
    source = "A sentence from 1945. And one of 1946."
    thresholds = only(length_ratio=[0.5, 2.0], lost_numbers=0.0)
    for abridges, reasons in ((True, {}), (False, {"length_ratio": 1})):
        engine = Parrot(**{source: "Kurz.", "p": "P"})
        engine.abridges = abridges
        assert (
            translate_pairs(english((source, "p")), NONE, engine, "de", thresholds).summary.rejected == reasons
        )


def test_equal_texts_are_checked_once(monkeypatch):
    asked = []
    monkeypatch.setattr("hbir.translation.checks.checks.empty", lambda *texts: asked.append(texts))
    translate_pairs(english(("a", "p"), ("b", "p"), ("a", "q")), NONE, Shouting(), "de")
    assert sorted(asked) == [("a", "de:A"), ("b", "de:B"), ("p", "de:P"), ("q", "de:Q")]


def test_rejected_pairs_are_kept_until_there_are_none(tmp_path):
    rejected: list[Rejected] = [{"pair_id": 1, "reason": "empty", "query": {"english": "ä"}}, {"pair_id": 2}]
    found = tmp_path / "found"
    for part in ([], rejected[:1], [], rejected[1:]):
        append_rejected(found, part)
    path = keep_rejected(tmp_path, "de", found)
    assert path == tmp_path / ".hbir/rejected/de.jsonl"
    assert [row for _, row in read_jsonl(path)] == rejected
    assert "ä" in path.read_text(encoding="utf-8")
    keep_rejected(tmp_path, "de", tmp_path / "none")
    assert not path.exists()
    keep_rejected(tmp_path, "de", tmp_path / "none")


def test_where_rejected_pairs_cannot_be_kept_a_warning_says_so(tmp_path, caplog):
    """No output depends on them."""
    (tmp_path / ".hbir").touch()
    append_rejected(tmp_path / "found", [{"pair_id": 1}])
    keep_rejected(tmp_path, "de", tmp_path / "found")
    assert "translate de: the rejected pairs are not kept. " in caplog.text
    keep_rejected(tmp_path, "de", tmp_path / "none")
