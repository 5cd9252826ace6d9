"""Better is said only where it is significant after correction: terminal, Markdown, page and CSV."""

import csv
import io
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from hbir.core.files import read_table, write_table
from hbir.evaluation.cells import QUERIES
from hbir.evaluation.contributions import ALL_LANGUAGES
from hbir.evaluation.results import read_results
from hbir.reporting.columns import Column
from hbir.reporting.intervals import intervals
from hbir.reporting.markdown import comparison_markdown
from hbir.reporting.numbers import effect_text, p_text
from hbir.reporting.page import comparison_page
from hbir.reporting.scores import benchmark_scores
from hbir.reporting.terminal import show_comparison
from hbir.reporting.verdicts import LEGEND, NO_QUERIES, bias_rows, compared, differences, verdict_rows
from hbir.reporting.write import write_reports
from tests.reporting.builder import build, settings
from tests.reporting.page_reader import Page

WORDS = ["worse", "worse", "better", "better", "better", "better", "better"]


@pytest.fixture(scope="module")
def found(results):
    return compared(results, "hybrid")


@pytest.fixture(scope="module")
def close(tmp_path_factory):
    """Samplers that differ by less than their queries do."""
    root = tmp_path_factory.mktemp("close")
    near = settings("xy")
    for scores in near.values():
        scores["map"] += 0.0005
    return build(root, ("xx", "xy"), ("de", "fr"), changes={"xx": near, "xy": settings("xy")})


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Samplers that were scored on four queries."""
    root = tmp_path_factory.mktemp("few")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.reporting.builder.QUESTIONS", 4)
        return build(root, ("xx", "hybrid"), ("de", "fr"))


def shown(results, headline, found, width=80):
    stream = io.StringIO()
    show_comparison(results, headline, Console(width=width, file=stream), found)
    return stream.getvalue()


def test_the_terminal_says_where_the_headline_is_better(results, found):
    text = shown(results, "hybrid", found)
    line = next(line for line in text.splitlines() if line.startswith(" ▸ vs xx"))
    assert line.split()[3:] == WORDS
    legend = " ".join(LEGEND.split())
    assert legend in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_words_stand_below_the_numbers(results, found):
    lines = shown(results, "hybrid", found).splitlines()
    hybrid, beside = (
        next(line for line in lines if line.startswith(start)) for start in (" ▸ hybrid", " ▸ vs xx")
    )
    ends = [match.end() for match in re.finditer(r"\.\d+", hybrid)]
    assert [match.end() for match in re.finditer(r"worse|better", beside)] == ends


@pytest.mark.parametrize("width", [75, 60, 44, 36])
@pytest.mark.parametrize("name", ["results", "many", "five"])
def test_a_narrow_terminal_keeps_every_word(name, width, request):
    results = request.getfixturevalue(name)
    found = differences(results, "xx")
    text = shown(results, "xx", found, width)
    assert max(map(len, text.splitlines())) <= width
    words = [word for line in text.splitlines() if line.startswith(" ▸ vs") for word in line.split()[3:]]
    assert len(words) == len(found)


def test_what_chance_may_explain_is_no_difference(close):
    found = [one for one in compared(close, "xx") if one.language == ALL_LANGUAGES]
    assert {one.verdict for one in found} == {"no difference shown"}
    assert all(one.p is not None and one.p > 0.05 for one in found)
    assert {one.value > 0 for one in found if one.measure == "map"} == {True}
    line = next(line for line in shown(close, "xx", found).splitlines() if "vs xy" in line)
    assert line.split()[3:] == ["·"] * len(found)
    page = " ".join(Page(comparison_page(close, "xx", found=found)).texts)
    assert "0.0005 above xy: no difference shown" in page
    assert "best, 0.0005" not in page
    row = next(line for line in comparison_markdown(close, "xx", found).splitlines() if "vs xy" in line)
    assert row == "| ▸ vs xy | " + " | ".join("·" * len(found)) + " |"


def test_too_few_queries_have_no_verdict_and_say_how_many_are_needed(few):
    found = differences(few, "hybrid")
    assert {one.p for one in found} == {None}
    sentence = "monolingual: 4 clusters of queries are too few for a test of so many comparisons; 9 are needed."
    for text in (shown(few, "hybrid", found, 200), comparison_markdown(few, "hybrid", found)):
        assert sentence in text
        assert next(line for line in text.splitlines() if "vs xx" in line).count("–") == 7
    assert sentence in " ".join(" ".join(Page(comparison_page(few, "hybrid", found=found)).texts).split())
    stream = io.StringIO()
    Console(width=200, file=stream).print(intervals(few, "hybrid"))
    assert sentence in stream.getvalue()
    assert "too few queries" in stream.getvalue()
    assert "better," not in stream.getvalue().split("[ ]")[0]


def test_markdown_has_a_row_per_other_sampler(results, found):
    lines = comparison_markdown(results, "hybrid", found).splitlines()
    assert "| ▸ vs xx | " + " | ".join(WORDS) + " |" in lines
    assert lines[-1].endswith("no difference shown.")


def test_the_page_marks_and_lists_the_differences(results, found):
    page = Page(comparison_page(results, "hybrid", found=found))
    assert ["hybrid vs xx", *WORDS] in page.tables[0]
    assert any(LEGEND in text for text in page.texts)
    listed = next(table for table in page.tables if table[0][0] == "minus")
    overall = [one for one in found if one.language == ALL_LANGUAGES]
    assert len(listed) == 1 + len(overall) == 1 + 2 * 7
    assert listed[1][:3] == ["xx", "monolingual mAP", "−.028"]
    assert listed[1][-2:] == ["24", "worse"]
    assert [row[0] for row in listed[1:]] == ["xx", *[""] * 6, "xy", *[""] * 6]
    languages = [table for table in page.tables if table[0][0] == "language"]
    assert len(languages) == 2
    assert [row[0] for row in languages[0][1:]] == [
        "ar",
        "de",
        "el",
        "en",
        "es",
        "hi",
        "ru",
        "th",
        "tr",
        "vi",
        "zh",
    ]
    assert len(languages[0][0]) == 1 + 4
    tags = [tag for tag, _ in page.tags]
    assert tags.count("caption") == tags.count("table")


def test_a_page_without_differences_has_no_marks(results):
    page = Page(comparison_page(results, "hybrid"))
    assert not any("vs xx" in text or LEGEND in text for text in page.texts)


def test_the_file_holds_every_difference(results, found, tmp_path):
    write_reports(results, "hybrid", tmp_path / "reports", found=found)
    with (tmp_path / "reports/differences.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(found) == 2 * 7 + 2 * 4 * 11
    for row, one in zip(rows, found, strict=True):
        assert (row["query_lang"], row["verdict"], row["other"]) == (one.language, one.verdict, one.other)
        assert float(row["low"]) <= float(row["difference"]) <= float(row["high"])
        assert float(row["p"]) == pytest.approx(one.p, abs=1e-6)


def test_differences_are_those_of_the_tables(results, found):
    means = {result.sampler: result.summaries["cldr"] for result in results}
    for one in found:
        if one.language == ALL_LANGUAGES:
            expected = [means[name].score(one.setting, one.measure) for name in (one.one, one.other)]
            assert one.value == pytest.approx(expected[0] - expected[1], abs=1e-9)


def test_languages_are_those_of_the_queries(results, found):
    table = {r.sampler: read_table(r.folder / "cldr/queries.parquet", QUERIES).to_pylist() for r in results}
    [one] = [
        one
        for one in found
        if (one.other, one.setting, one.measure, one.language) == ("xx", "cross_lingual", "map", "th")
    ]
    chosen = {
        name: np.mean([r["map"] for r in rows if (r["setting"], r["query_lang"]) == ("cross_lingual", "th")])
        for name, rows in table.items()
    }
    assert one.value == pytest.approx(chosen["hybrid"] - chosen["xx"])
    assert one.interval.low < one.value < one.interval.high


def test_verdicts_of_another_benchmark_are_not_shown(five):
    found = differences(five, "hybrid")
    for scores in benchmark_scores(five):
        rows = verdict_rows(scores, found)
        assert [row.other for row in rows] == ([] if scores.name.startswith("mteb") else ["xx", "xy"])
        assert all(len(row.words) == len(scores.main.columns) for row in rows)


def test_scores_without_queries_are_shown_untested(tmp_path):
    build(tmp_path, ("xx", "xy"), ("de", "fr"), benchmarks=("a", "b"))
    shutil.move(tmp_path / "xy/a/queries.parquet", tmp_path / "aside")
    results = read_results(tmp_path, ["xx", "xy"])
    found = differences(results, "xx")
    assert {one.benchmark for one in found} == {"b"}
    text = shown(results, "xx", found, 200)
    assert text.count("vs xy") == 1
    assert "Not tested" in text.split("b  2.18")[0]
    assert NO_QUERIES in comparison_markdown(results, "xx", found)
    assert any(NO_QUERIES in said for said in Page(comparison_page(results, "xx", found=found)).texts)
    shutil.move(tmp_path / "xy/b/queries.parquet", tmp_path / "aside")
    assert shown(results, "xx", differences(results, "xx"), 200).count(NO_QUERIES) == 2
    assert NO_QUERIES not in shown(results, "xx", None, 200)


def test_measures_of_language_bias_are_a_family_of_their_own(tmp_path):
    """In the file and in MLflow; the tables of scores, and their correction, stay as they are."""
    before = compared(build(tmp_path, ("xx", "xy"), ("de", "fr")), "xx")
    for name in ("xx", "xy"):
        path = tmp_path / name / "cldr/queries.parquet"
        table = read_table(path, QUERIES)
        for measure in ("tlr@10", "max@r_share", "same_language@10"):
            table = table.append_column(measure, table["map"])
        write_table(path, table)
    results = read_results(tmp_path, ["xx", "xy"])
    found = compared(results, "xx")
    bias = [one for one in found if one.family == "bias"]
    others = [replace(one, interval=None) for one in found if one.family != "bias"]
    assert others == [replace(one, interval=None) for one in before]  # bounds differ in their last digits
    assert {one.setting for one in bias} == {"multilingual"}
    assert all(one.value < 0 and one.interval and one.interval.high < 0 for one in bias)
    verdicts = {one.measure: one.verdict for one in bias}
    assert verdicts == {"tlr@10": "worse", "max@r_share": "better", "same_language@10": "lower"}
    assert differences(results, "xx") == [replace(o, interval=None) for o in found if o.family != "languages"]
    columns = [Column(setting="multilingual", measure=name) for name in ("tlr@10", "peer", "same_language@10")]
    [row] = bias_rows("cldr", columns, found)
    assert (row.other, row.words) == ("xy", ("worse", "–", "lower"))
    assert bias_rows("other", columns, found) == bias_rows("cldr", columns, None) == []
    assert verdict_rows(benchmark_scores(results)[0], found) == verdict_rows(
        benchmark_scores(results)[0], before
    )


def test_numbers_are_short():
    assert p_text(None) == ""
    assert [p_text(p) for p in (0.00049, 0.0005, 0.0123, 1.0)] == ["p < .001", "p .001", "p .012", "p 1.000"]
    assert [effect_text(d) for d in (None, -0.123, 0.0, 1.5)] == ["", "d −.12", "d .00", "d 1.50"]
