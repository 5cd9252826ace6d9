"""Texts that read the same are the same: in benchmarks, among pairs, and where they are empty."""

import json

import pytest

from hbir.collection.guard import load_guarded
from hbir.collection.source import Pair, Version
from hbir.core.errors import DataError
from tests.collection.sources import collected, leaks, pairs_of, write_jsonl

FORMS = {
    "ar": ("ما هي أكبر مدينة في البلاد", "مَا هِيَ أَكْبَرُ مَدِينَةٍ فِي الْبِلَادِ؟"),
    "fa": ("بزرگ\u200cترین شهر این کشور می\u200cشود کدام است", "بزرگترین شهر این کشور میشود کدام است"),
    "tr": ("İSTANBUL'UN ILIK GÜNLERİ NE ZAMAN", "İstanbul'un ılık günleri ne zaman"),
    "el": ("ΠΟΙΑ ΕΙΝΑΙ Η ΑΘΗΝΑ ΤΟΥ ΒΟΡΡΑ", "Ποια είναι η Αθήνα του βορρά;"),
    "he": ("מָהִי עִיר הַבִּירָה", "מהי עיר הבירה?"),
    "de": ("Was heißt „Straße“ auf Englisch?", 'WAS HEISST "STRASSE" AUF ENGLISCH'),
    "en": ("Ｗｈａｔ ｈａｐｐｅｎｅｄ ｉｎ １９４５ ?", "What happened in 1945?"),
}
"""Language → a query as a benchmark has it, and as a source does."""


@pytest.mark.parametrize("language", FORMS)
def test_a_query_leaks_in_every_form(tmp_path, language):
    asked, trained = FORMS[language]
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq\tp\t1\n")
    write_jsonl(tmp_path / "queries.jsonl", [{"_id": "q", "text": asked, "lang": language}])
    write_jsonl(tmp_path / "corpus.jsonl", [{"_id": "p", "text": "Nothing of note.", "lang": language}])
    guarded = load_guarded([{"name": "beir/forms", "data": str(tmp_path)}])
    pairs = {1: Pair("Who?", "He.", versions={language: Version(trained, "Body.")}), 2: Pair("Who?", "She.")}
    assert leaks(pairs, guarded) == {1: "beir/forms"}


def test_a_pair_that_is_there_in_two_forms(tmp_path):
    rows = [
        {"query": "What is so\u00adft?", "passage": "Butter\u200b is."},
        {"query": "what is soft?", "passage": "Butter is."},
        {"query": "What is soft?", "passage": "A pillow is."},
    ]
    source = {"kind": "jsonl", "name": "faq", "path": write_jsonl(tmp_path / "a.jsonl", rows)}
    result = collected(source | {"validation": 0.0}, near_duplicates=None)
    assert pairs_of(result) == {tuple(rows[0].values()), tuple(rows[2].values())}
    assert result.summary.dropped == {"faq: repeated pair": 1}
    assert len(set(result.english["query_id"].to_pylist())) == 1


def test_what_says_nothing_is_empty(tmp_path):
    texts = [("\u200b", "\u200b\u200e"), ("What is empty?", "\u200b"), ("Is it?", "\ufeff"), ("...", "---")]
    rows = [{"query": query, "passage": passage} for query, passage in texts]
    source = {"kind": "jsonl", "name": "faq", "path": write_jsonl(tmp_path / "a.jsonl", rows)}
    with pytest.raises(DataError, match=r"none left \(empty passage 2, empty query 2\)"):
        collected(source)
    write_jsonl(tmp_path / "a.jsonl", [*rows, {"query": "Who?", "passage": "A smith named Bor."}])
    result = collected(source)
    assert pairs_of(result) == {("Who?", "A smith named Bor.")}
    assert json.dumps(result.summary.dropped, sort_keys=True) == (
        '{"faq: empty passage": 2, "faq: empty query": 2}'
    )
