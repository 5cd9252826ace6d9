import re
from dataclasses import replace

import pytest

from hbir.reporting.page import COLOURS, TEMPLATES, colour_classes, comparison_page, parameters
from hbir.reporting.reproduce import Origin
from tests.reporting.builder import build, settings, trained
from tests.reporting.page_reader import Page


@pytest.fixture(scope="module")
def page(results):
    return Page(comparison_page(results, "hybrid"))


@pytest.mark.parametrize("name", ["results", "many", "single", "five"])
def test_it_is_whole_and_loads_nothing(name, request):
    text = comparison_page(request.getfixturevalue(name), "xx")
    page = Page(text)
    assert page.loads == []
    assert not {"script", "link", "iframe", "img", "object", "base"} & {tag for tag, _ in page.tags}
    assert "http:" not in text
    assert "https:" not in text


def test_the_first_table_holds_the_scores_and_says_which_are_best(page):
    assert page.tables[0][1:] == [
        ["sampler", "mAP", "R@1", "mAP", "R@1", "mAP", "R@10", "rank distance ↓"],
        ["xx", "0.9612 (best)", "0.9312 (best)", "0.0823", "0.0523", "0.1398", "0.1598", "4,100.4"],
        ["xy", "0.6984", "0.6684", "0.2841", "0.2541", "0.2032", "0.2232", "716.3 (best)"],
        ["hybrid", "0.9331", "0.9031", *(f"0.{n} (best)" for n in (2973, 2673, 2761, 2961)), "834.9"],
    ]


def test_the_cards_compare_the_headline_with_the_best_of_the_others(page):
    text = " ".join(page.texts)
    for said in ("0.0281 below xx", "best, 0.0132 above xy", "best, 0.0729 above xy", "118.6 above xy"):
        assert said in text


def test_equal_scores_are_level(tmp_path):
    same = {sampler: settings("xy") for sampler in ("xx", "xy")}
    results = build(tmp_path, samplers=("xx", "xy"), languages=("de", "fr"), changes=same)
    assert "best, level with xy" in comparison_page(results, "xx")


def test_bars_are_as_long_as_the_scores(page):
    lengths = [a["style"] for _, a in page.tags if "bar" in a.get("class", "").split()]
    assert lengths[:3] == ["--length:96.12%", "--length:69.84%", "--length:93.31%"]
    assert lengths[-3:] == [
        "--length:100.0%",
        f"--length:{round(71630 / 4100.4, 2)}%",
        f"--length:{round(83490 / 4100.4, 2)}%",
    ]


def test_heat_maps_hold_the_scores_of_the_pairs(page, results):
    heat = [table for table in page.tables if table[0][1:4] == ["ar", "de", "el"]]
    assert len(heat) == 3 + 2 + 3
    cells = {(c["query_lang"], c["pool"]): c["map"] for c in results[0].cells("cldr")}
    assert heat[0][2][1] == f"{cells['de', 'ar']:.2f}".removeprefix("0")
    other = {(c["query_lang"], c["pool"]): c["map"] for c in results[2].cells("cldr")}
    assert heat[3][1][1] == f"{other['ar', 'ar'] - cells['ar', 'ar']:+.2f}".replace("0.", ".").replace("-", "−")


def test_checkpoints_and_losses(page, results):
    rows = {row[0]: row for table in page.tables for row in table}
    best, final = trained(results[1]).best.loss, trained(results[1]).final.loss
    final_scores = results[1].final["cldr"]["multilingual"]
    assert rows["xy final 1,200"][5] == f"{final_scores['map']:.4f}"
    losses = next(table for table in page.tables if table[0][:2] == ["sampler", "best step"])
    assert losses[2] == ["xy", "1,000", f"{best:.4f}", "1,200", f"{final:.4f}"]
    charts = [attributes["aria-label"] for tag, attributes in page.tags if attributes.get("class") == "chart"]
    assert [label.split()[0] for label in charts] == ["Share", "validation", "train"]
    assert f"xy ends at {final:.3f}" in charts[1]


def test_counts_are_shown(page):
    counts = next(table for table in page.tables if table[0][0] == "count")
    assert ["tied positives, cross-lingual", "3", "3", "3"] in counts
    assert ["not retrieved", "0", "0", "0"] in counts


def test_parameters_tell_where_the_samplers_differ(results):
    settings = {setting.name: setting for setting in parameters(results)}
    assert settings["fingerprint"].values == tuple(r.record.fingerprint[:12] for r in results)
    assert settings["alpha"].values == ("–", "–", "0.5")
    assert {name for name, setting in settings.items() if setting.differs} == {"fingerprint", "alpha"}


def test_names_are_escaped(tmp_path):
    results = build(tmp_path, samplers=("xx", "xy"), languages=("de", "<b>"), benchmarks=("<script>alert(1)",))
    for result in results:
        result.record.params["encoder"] = '"><img src=x>'
    text = comparison_page(results, "xx")
    page = Page(text)
    assert page.loads == []
    assert "<script" not in text
    assert "<script>alert(1)" in page.texts
    assert '"><img src=x>' in page.texts


def test_every_table_has_a_caption_and_every_chart_a_text(page):
    tags = [tag for tag, _ in page.tags]
    assert tags.count("caption") == tags.count("table") == len(page.tables)
    assert all(attributes.get("aria-label") for tag, attributes in page.tags if attributes.get("role") == "img")


def test_one_language_has_no_heat_map_of_scores(single):
    page = Page(comparison_page(single, "xx"))
    assert "By language pair" not in page.texts
    assert "What xx changes" not in page.texts


def test_a_run_without_validation_curve_has_no_such_chart(tmp_path):
    results = build(tmp_path, samplers=("xx",), languages=("de", "fr"))
    curve = replace(trained(results[0]).curve, validation=())
    results[0] = replace(results[0], record=replace(trained(results[0]), curve=curve))
    page = Page(comparison_page(results, "xx"))
    charts = [attributes["aria-label"] for _, attributes in page.tags if attributes.get("class") == "chart"]
    assert [label.split()[0] for label in charts] == ["Share", "train"]


def test_alpha_may_be_a_schedule(tmp_path):
    results = build(tmp_path, samplers=("hybrid",), languages=("de", "fr"))
    results[0].record.params["alpha"] = [[0.5, 1.0], [1.0, 0.0]]
    assert "[[0.5, 1.0], [1.0, 0.0]]" in Page(comparison_page(results, "hybrid")).texts


@pytest.fixture(scope="module")
def page_of_five(five):
    return Page(comparison_page(five, "hybrid", origin=Origin()))


def test_a_page_of_many_benchmarks_begins_with_links_and_an_overview(page_of_five):
    ids = {attributes["id"] for _, attributes in page_of_five.tags if "id" in attributes}
    links = [attributes["href"] for tag, attributes in page_of_five.tags if tag == "a"]
    assert {link.removeprefix("#") for link in links} <= ids
    assert len([link for link in links if link.startswith("#benchmark-")]) == 2 * 5
    table = page_of_five.tables[0]
    assert table[0] == ["benchmark", "measure", "xx", "xy", "hybrid"]
    assert [row[:2] for row in table[1:]] == [
        ["beir/my set", "monolingual nDCG@10"],
        ["", "cross-lingual nDCG@10"],
        ["", "multilingual nDCG@10"],
        ["", "multilingual rank distance ↓"],
        ["cldr", "monolingual mAP"],
        ["", "cross-lingual mAP"],
        ["", "multilingual mAP"],
        ["", "multilingual rank distance ↓"],
        ["miracl", "monolingual nDCG@10"],
        ["mteb/STS22", "mteb cosine_spearman"],
        ["tatoeba", "cross-lingual accuracy"],
    ]
    assert table[5][2:] == ["0.9612 (best)", "0.6984", "0.9331"]


def test_a_page_of_one_benchmark_has_neither(page):
    assert not {"nav", "a"} & {tag for tag, _ in page.tags}
    assert "Overview" not in page.texts


def test_a_sampler_without_a_benchmark_has_a_dash_in_the_overview(tmp_path):
    results = build(tmp_path, samplers=("xx", "xy"), languages=("de", "fr"), benchmarks=("a", "b"))
    del results[1].summaries["b"]
    rows = Page(comparison_page(results, "xx")).tables[0]
    assert next(row for row in rows if row[0] == "b")[2:] == ["0.9612", "–"]


def test_maps_show_the_main_measure(page_of_five):
    said = " ".join(page_of_five.texts)
    assert "nDCG@10 by language of the query, over passages in the same language." in said
    assert "accuracy by language of the query, over passages in en." in said
    assert "nDCG@10 of queries in the row's language over passages in the column's" in said


def test_what_is_shown_is_explained_and_nothing_else(page, page_of_five):
    assert {"mAP", "Rank distance", "Cross-lingual"} <= set(page.texts)
    assert not {"Accuracy", "mteb"} & set(page.texts)
    assert {"Accuracy", "mteb", "R@1, R@10, R@100"} <= set(page_of_five.texts)


def test_the_page_says_what_was_compared(results):
    facts = {"encoder": "tiny", "training_languages": "all", "code and params": "c0ffee1, changed since"}
    texts = Page(comparison_page(results, "hybrid", facts)).texts
    for text in ("encoder", "tiny", "training languages", "code and params", "c0ffee1, changed since"):
        assert text in texts


def test_further_samplers_than_there_are_colours_begin_again_with_a_shape(results):
    more = [replace(results[0], sampler=f"sampler {number}") for number in range(COLOURS + 1)]
    *classes, last = colour_classes(more).values()
    assert len(set(classes)) == COLOURS
    assert last == f"{classes[0]} disc"
    style = (TEMPLATES / "style.css").read_text()
    patterns = {name: re.findall(rf"\.{name} {{ (.*?) }}", style) for name in classes}
    assert all(patterns.values())
    assert len({str(pattern) for pattern in patterns.values()}) == COLOURS  # no two look alike


ENVIRONMENT = {"device": "cpu", "threads": "2", "torch": "2.13.0"}
MADE = Origin(
    commit="c0ffee1",
    changed={"batches.hybrid.alpha": "0.3", "languages": '["de", "en"]'},
    environments={"xx": ENVIRONMENT, "hybrid": ENVIRONMENT | {"threads": "4"}},
)


def test_how_to_reproduce_it(results):
    page = Page(comparison_page(results, "hybrid", origin=MADE))
    said = " ".join(" ".join(page.texts).split())
    assert 'Commit c0ffee1 , then dvc exp run -S batches.hybrid.alpha=0.3 -S \'languages=["de", "en"]\'' in said
    assert "batches.hybrid.alpha: 0.3" in said
    assert "make seeds" in said
    [table] = [table for table in page.tables if table[0][0] == "of the training"]
    assert table[1:] == [
        ["device", "cpu", "–", "cpu"],
        ["threads", "2", "–", "4"],
        ["torch", "2.13.0", "–", "2.13.0"],
    ]


def test_one_environment_is_one_column(results):
    everywhere = {result.sampler: ENVIRONMENT for result in results}
    page = Page(comparison_page(results, "hybrid", origin=replace(MADE, environments=everywhere)))
    [table] = [table for table in page.tables if table[0][0] == "of the training"]
    assert table == [
        ["of the training", "every sampler"],
        *([name, text] for name, text in ENVIRONMENT.items()),
    ]


def test_a_page_says_only_what_is_known_of_its_origin(results):
    assert "reproduce" not in comparison_page(results, "hybrid")
    texts = Page(comparison_page(results, "hybrid", origin=Origin())).texts
    assert "make repro" in texts
    assert "Environment" not in texts


def test_the_distances_have_a_table(page):
    [table] = [table for table in page.tables if table[0][:2] == ["sampler", "queries"]]
    assert table[0][2:] == ["10 % ↓", "25 % ↓", "median ↓", "75 % ↓", "90 % ↓"]
    assert [row[:2] for row in table[1:]] == [["xx", "264"], ["xy", "264"], ["hybrid", "264"]]


def test_groups_are_explained(page, five):
    assert "Seen, unseen" in page.texts
    assert "Seen, unseen" not in Page(comparison_page(five, "hybrid")).texts


def test_every_table_that_may_be_wider_than_a_phone_has_a_hint(page):
    wide = sum(attributes.get("class") == "scroll" for _, attributes in page.tags)
    assert wide == sum("swipe" in attributes.get("class", "") for _, attributes in page.tags) > 3
