"""Language bias in the reports: where it stands, what is marked, and scores that hold nothing of it."""

import csv
import dataclasses

import pytest
from rich.console import Console

from hbir.core.files import write_json
from hbir.evaluation.bias_suite import BIAS_NAMES
from hbir.evaluation.directions import LOWER_IS_BETTER, NO_DIRECTION
from hbir.evaluation.measures import NAMES
from hbir.evaluation.preferences import PREFERENCES
from hbir.evaluation.results import read_results
from hbir.evaluation.summary import write_summary
from hbir.reporting import bias_names
from hbir.reporting.bias import bias_view
from hbir.reporting.columns import Column, notes
from hbir.reporting.markdown import comparison_markdown
from hbir.reporting.page import comparison_page
from hbir.reporting.scores import all_columns, benchmark_scores
from hbir.reporting.terminal import comparison
from hbir.tracking.values import score_values
from tests.reporting.builder import build
from tests.reporting.page_reader import Page

SCORES = {
    "xx": {"max@r": 2358.8, "max@r_share": 0.85, "tlr@10": 0.06, "mrc@10": -0.8, "same_language@10": 0.62},
    "xy": {"max@r": 553.7, "max@r_share": 0.2, "tlr@10": 0.22, "mrc@10": -0.53, "same_language@10": 0.13},
}
EVEN = (0.5, 0.5, 0.5, 0.5)
Row = tuple[str, str, float | None, float | None, float | None, float | None]
ROWS: dict[str, list[Row]] = {  # languages; share of the first ten and of the pool, being first and its chance
    "xx": [
        ("de", "de", 0.9, 0.5, 1.0, 0.5),
        ("de", "fr", 0.1, 0.5, 0.0, 0.5),
        ("fr", "de", 0.2, 0.5, None, None),
    ],
    "xy": [("de", "de", *EVEN), ("de", "fr", *EVEN), ("fr", "de", *EVEN)],
}


@pytest.fixture
def biased(tmp_path):
    """Two samplers with measures of language bias, and which languages their queries prefer."""
    for result in build(tmp_path, ("xx", "xy"), ("de", "fr")):
        folder = result.folder / "cldr"
        summary = result.summaries["cldr"]
        settings = {
            **summary.settings,
            "multilingual": summary.settings["multilingual"] | SCORES[result.sampler],
        }
        write_summary(folder / "summary.json", dataclasses.replace(summary, settings=settings))
        with (folder / "preferences.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(PREFERENCES.names)
            writer.writerows(ROWS[result.sampler])
    return read_results(tmp_path, ("xx", "xy"))


def printed(results):
    console = Console(width=80, no_color=True)
    with console.capture() as capture:
        console.print(comparison(results, "xy"))
    return capture.get()


def test_every_measure_has_a_name_a_meaning_and_a_direction_that_exists():
    assert set(bias_names.BIAS_NAMES) == set(BIAS_NAMES)
    assert set(bias_names.FEW) < set(BIAS_NAMES)
    assert {*LOWER_IS_BETTER, *NO_DIRECTION} <= {*BIAS_NAMES, *NAMES}
    for name in BIAS_NAMES:
        assert notes([Column(setting="multilingual", measure=name)]).keys() > {"Multilingual"}


def test_the_page_has_the_numbers_and_marks_only_what_has_a_direction(biased):
    page = Page(comparison_page(biased, "xy"))
    [table] = [table for table in page.tables if "TLR@10" in table[1] and "R@1" not in table[1]]
    assert table[1:] == [
        ["sampler", "Max@R ↓", "Max@R, 0 to 1 ↓", "TLR@10", "MRC@10", "same language@10"],
        ["xx", "2,358.8", "0.8500", "0.0600", "-0.8000", "0.6200"],
        ["xy", "553.7 (best)", "0.2000 (best)", "0.2200 (best)", "-0.5300 (best)", "0.1300"],
    ]
    assert {"Language bias", "TLR@10", "Max@R"} <= set(page.texts)


def test_the_maps_are_shares_minus_chances_on_one_scale(biased):
    top, first = bias_view(biased, "cldr", ["de", "fr"]).preferences
    assert [(one.title, one.summary) for one in top.maps] == [
        ("xx", "the query's language: +0.40 on average"),
        ("xy", "the query's language: +0.00 on average"),
    ]
    xx, xy = (one.rows for one in top.maps)
    assert [[cell.text for cell in row] for row in xx] == [["+.40", "−.40"], ["−.30", ""]]
    assert [[cell.kind for cell in row] for row in xx] == [["more", "less"], ["less", "none"]]
    assert [[cell.strength for cell in row] for row in xx] == [[1.0, 1.0], [0.75, 0.0]]
    assert {cell.strength for row in xy for cell in row} == {0.0}
    assert [cell.text for cell in first.maps[0].rows[0]] == ["+.50", "−.50"]  # fr says nothing in xx


def test_they_are_read_before_the_colours_are(biased):
    """Every cell says its number with a sign, so nobody needs to tell blue from orange."""
    for part in bias_view(biased, "cldr", ["de", "fr"]).preferences:
        for one in part.maps:
            for cell in (cell for row in one.rows for cell in row if cell.kind != "none"):
                assert cell.text[0] in "+−" or cell.text == ".00"


def test_the_terminal_shows_a_few(biased):
    shown = printed(biased)
    assert "Language bias" in shown
    assert "Max@R, 0 to 1 ↓" in shown
    assert "0.8500" in shown
    assert "2,358.8" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_markdown_has_all_of_them(biased):
    parts = comparison_markdown(biased, "xy").split("\n\n")
    after = parts.index("Language bias, in the pool of all languages:") + 1
    assert parts[after].splitlines() == [
        "| sampler | Max@R ↓ | Max@R, 0 to 1 ↓ | TLR@10 | MRC@10 | same language@10 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| xx | 2,358.8 | 0.8500 | 0.0600 | -0.8000 | 0.6200 |",
        "| ▸ xy | **553.7** | **0.2000** | **0.2200** | **-0.5300** | 0.1300 |",
    ]


def test_they_stand_in_their_table_alone(biased):
    assert not {column.measure for column in all_columns(biased, "cldr")}.intersection(BIAS_NAMES)


def test_older_scores_read_as_they_did(results):
    assert [result.preferences("cldr") for result in results] == [[], [], []]
    assert bias_view(results, "cldr", ["de"]).table.columns == ()
    assert all(scores.bias.columns == () for scores in benchmark_scores(results))
    assert "Language bias" not in printed(results)
    assert "<h3>Language bias" not in comparison_page(results, "hybrid")
    assert "Language bias" not in comparison_markdown(results, "hybrid")


def test_one_language_of_passages_has_no_map(biased):
    for result in biased:
        path = result.folder / "cldr" / "preferences.csv"
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if ",fr," not in line))
    assert bias_view(biased, "cldr", ["de", "fr"]).preferences == []


def test_they_are_metrics_in_mlflow(biased):
    values = score_values(biased[0].summaries, biased[0].final)
    assert values["cldr/multilingual/max_at_r"] == 2358.8
    assert values["cldr/multilingual/same_language_at_10"] == 0.62


def test_a_sampler_without_them_has_dashes(biased):
    summary = biased[0].summaries["cldr"]
    kept = {name: v for name, v in summary.settings["multilingual"].items() if name not in BIAS_NAMES}
    settings = {**summary.settings, "multilingual": kept}
    write_json(
        biased[0].folder / "cldr" / "summary.json", dataclasses.replace(summary, settings=settings).plain()
    )
    (biased[0].folder / "cldr" / "preferences.csv").unlink()
    again = read_results(biased[0].folder.parent, ("xx", "xy"))
    [table] = [scores.bias for scores in benchmark_scores(again)]
    assert [cell.text for cell in table.rows[0].cells] == ["–"] * 4
    assert [one.title for one in bias_view(again, "cldr", ["de", "fr"]).preferences[0].maps] == ["xy"]
