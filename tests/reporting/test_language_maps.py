from itertools import product

from hbir.reporting.language_maps import STRIP, language_maps

LANGS = ["de", "en", "fr"]


def shapes(maps):
    return [(heat.row_names, heat.column_names) for heat in maps]


def test_pairs_make_a_map_per_sampler():
    scores = {name: dict.fromkeys(product(LANGS, LANGS), 0.5) for name in ("xx", "xy")}
    maps = language_maps(scores, "xy", LANGS, "mAP")
    assert shapes(maps.scores) == [(tuple(LANGS), tuple(LANGS))] * 2
    assert [heat.title for heat in maps.scores] == ["xx", "xy"]
    assert [heat.title for heat in maps.differences] == ["xy − xx"]
    assert maps.explanation.endswith("the diagonal is monolingual.")


def test_languages_without_queries_or_passages_take_no_room():
    scores = {"xx": {("de", "en"): 0.5, ("de", "fr"): 0.25}}
    maps = language_maps(scores, "xx", LANGS, "mAP")
    assert shapes(maps.scores) == [(("de",), ("en", "fr"))]
    assert "diagonal" not in maps.explanation
    assert maps.differences == []


def test_a_monolingual_benchmark_has_a_row_per_sampler():
    scores = {"xx": {(x, x): 0.5 for x in LANGS}, "xy": {(x, x): 0.75 for x in LANGS}}
    maps = language_maps(scores, "xy", LANGS, "nDCG@10")
    assert shapes(maps.scores) == [(("xx", "xy"), tuple(LANGS))]
    assert shapes(maps.differences) == [(("xy − xx",), tuple(LANGS))]
    assert [cell.text for cell in maps.differences[0].rows[0]] == ["+.25"] * 3
    assert maps.explanation == "nDCG@10 by language of the query, over passages in the same language."


def test_one_passage_language_is_named():
    maps = language_maps({"xx": {("de", "en"): 0.5, ("fr", "en"): 0.25}}, "xx", LANGS, "accuracy")
    assert maps.explanation == "accuracy by language of the query, over passages in en."
    assert shapes(maps.scores) == [(("xx",), ("de", "fr"))]


def test_many_languages_are_broken_into_equal_parts():
    langs = [f"{number:02}" for number in range(2 * STRIP + 1)]
    maps = language_maps({"xx": {(x, x): 0.5 for x in langs}}, "xx", langs, "nDCG@10")
    assert [len(heat.column_names) for heat in maps.scores] == [7, 7, 7]
    assert [name for heat in maps.scores for name in heat.column_names] == langs
    assert maps.scores[0].title == "00 – 06"


def test_a_single_pair_has_no_map():
    maps = language_maps({"xx": {("de", "de"): 0.5}}, "xx", ["de"], "mAP")
    assert maps.scores == maps.differences == []


def test_no_differences_to_a_headline_without_scores():
    scores = {"xx": dict.fromkeys(product(LANGS, LANGS), 0.5)}
    assert language_maps(scores, "hybrid", LANGS, "mAP").differences == []
