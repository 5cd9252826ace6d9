from hbir.reporting.described import description


def test_a_few_words_for_each_choice():
    params = {
        "encoder": {"name": "tiny", "revision": None, "tiny": {"vocabulary": 300}},
        "languages": ["de", "en"],
        "batches": {"languages": "all"},
        "collect": {"sources": [{"kind": "cldr"}, {"kind": "csv", "path": "data/sources/faq.csv"}]},
        "translate": {"engine": {"name": "opus-mt"}, "languages": {"es": "apertium"}},
        "evaluate": {"benchmarks": ["cldr", {"name": "xquad-r", "data": "data/benchmarks/x"}]},
    }
    assert description(params) == {
        "encoder": "tiny",
        "vocabulary": "300",
        "languages": "de, en",
        "training_languages": "all",
        "sources": "cldr, csv data/sources/faq.csv",
        "engine": "opus-mt, es: apertium",
        "benchmarks": "cldr, xquad-r data/benchmarks/x",
    }


def test_what_is_not_known_is_left_out():
    assert description({}) == {}
    assert description({"encoder": {"name": "me5-small", "revision": "abc"}}) == {"encoder": "me5-small at abc"}
