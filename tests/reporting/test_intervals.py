import io
import re
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from rich.console import Console

from hbir.commands import compare as command
from hbir.core.files import read_table
from hbir.evaluation.cells import QUERIES
from hbir.reporting.intervals import interval_table, intervals, intervals_markdown
from hbir.reporting.scores import benchmark_scores
from tests.reporting.builder import KINDS, QUESTIONS, build


def table_of(results, name, headline="hybrid"):
    scores = next(scores for scores in benchmark_scores(results) if scores.name == name)
    return interval_table(scores, results, headline)


def shown(results, headline="hybrid", width=80):
    stream = io.StringIO()
    Console(width=width, file=stream).print(intervals(results, headline))
    return stream.getvalue()


def mean(result, name, setting, measure):
    """Average the values of all queries: the cells of the invented scores have one size."""
    rows = read_table(result.folder / name / "queries.parquet", QUERIES).to_pylist()
    return np.mean([row[measure] for row in rows if row["setting"] == setting])


def test_scores_are_those_of_the_queries_and_lie_in_their_intervals(results):
    table = table_of(results, "cldr")
    for result in results:
        for column, cell in zip(table.columns, table.scores[result.sampler], strict=True):
            value, low, high = (float(part.strip("[],").replace(",", "")) for part in cell.text.split(" "))
            assert value == pytest.approx(mean(result, "cldr", column.setting, column.measure), abs=0.06)
            assert low < value < high


def test_differences_are_the_headlines_minus_the_others(results):
    table = table_of(results, "cldr", "xy")
    assert list(table.differences) == ["xy − xx", "xy − hybrid"]
    change = mean(results[1], "cldr", "monolingual", "map") - mean(results[0], "cldr", "monolingual", "map")
    text = table.differences["xy − xx"][0].text
    assert text.startswith(f"{change:+.3f}".replace("0.", ".", 1).replace("-", "−") + " [")


def test_a_sampler_minus_itself_would_be_sharp(results, tmp_path):
    twin = replace(results[0], sampler="xy")
    table = table_of([results[0], twin], "cldr", "xx")
    assert {cell.text for cell in table.differences["xx − xy"]} == {"+.000 [.000, .000]", "+0 [0, 0]"}
    assert not any(cell.clear for cell in table.differences["xx − xy"])


def test_a_difference_that_is_significant_is_bold_and_has_p_and_effect(results):
    text = intervals_markdown(results, "hybrid")
    rows = [line for line in text.splitlines() if line.startswith("| hybrid −")]
    cells = [cell.strip() for row in rows for cell in row.split("|")[2:-1]]
    assert len(cells) == 2 * 4
    for cell in cells:
        [(verdict, p, effect)] = re.findall(r"\]\** ([a-z ]+), (p .*), (d .*)$", cell)
        assert cell.startswith("**") == (verdict in ("better", "worse"))
        assert re.fullmatch(r"p (\.\d{3}|1\.000|< \.001)", p)
        assert re.fullmatch(r"d −?\d*\.\d\d", effect)
    assert any(cell.startswith("**") for cell in cells)


@pytest.mark.parametrize("name", ["results", "five"])
def test_the_terminal_shows_it_in_80_columns(name, request):
    text = shown(request.getfixturevalue(name))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert f"monolingual, {QUESTIONS} clusters of queries" in text
    assert "hybrid − xx" in text


def test_scores_without_queries_stand_without_intervals(five):
    table = table_of(five, "mteb/STS22")
    assert [cell.text for cell in table.scores["xx"]] == ["0.9612"]
    assert [cell.text for cell in table.differences["hybrid − xx"]] == ["–"]
    assert table.clusters == {}


def test_markdown_holds_the_main_measures(five):
    text = intervals_markdown(five, "hybrid")
    assert "| sampler | monolingual nDCG@10 |\n" in text
    assert "| sampler | cross-lingual accuracy |\n" in text
    assert "R@100" not in text
    for table in (part.splitlines() for part in text.split("\n\n") if part.startswith("| sampler")):
        assert len({line.count("|") for line in table}) == 1
        assert len(table) == 2 + 3 + 2


def test_a_headline_without_the_benchmark_has_no_differences(results):
    assert table_of(results[:2], "cldr", "hybrid").differences == {}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    build(tmp_path / "scores", benchmarks={"beir/my set": KINDS["beir/my set"]})
    named = type("Project", (), {"sampler": "xy"})
    monkeypatch.setattr(command, "read_params", lambda: {"samplers": ["xx", "xy", "hybrid"]})
    monkeypatch.setattr(command, "read_project", lambda params: named)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("options", "first", "said"),
    [
        ([], "beir/my set  2.18", "▸ xy"),
        (["--intervals"], "beir/my set  2.18", "xy − xx"),
        (["--format", "markdown"], "### beir/my set", "| ▸ xy |"),
        (["--intervals", "--format", "markdown"], "### beir/my set", "| xy − xx |"),
        (
            ["--format", "csv"],
            "benchmark,sampler,checkpoint,group,setting",
            "beir/my set,xy,best,,monolingual,",
        ),
        (["--intervals", "--format", "csv"], "benchmark,family,setting", "beir/my set,scores,monolingual,"),
    ],
)
def test_the_command(options, first, said):
    result = CliRunner().invoke(command.compare, options, catch_exceptions=False)
    assert result.exit_code == 0
    assert result.output.startswith(first)
    assert said in result.output
