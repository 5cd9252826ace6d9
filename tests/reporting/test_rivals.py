"""Rows that nothing was trained for stand in every table, and the reports say what they are."""

import csv
import io
import shutil
from pathlib import Path

import pytest

from hbir.core.errors import DataError
from hbir.core.files import read_json, write_json
from hbir.core.rival_record import RIVAL, RivalRecord, write_rival
from hbir.core.samplers import SAMPLERS
from hbir.core.training_record import CURVES
from hbir.evaluation.comparable import refuse_unlike
from hbir.evaluation.results import SamplerResults, read_results
from hbir.reporting.markdown import comparison_markdown
from hbir.reporting.page import COLOURS, TEMPLATES, comparison_page, loss_chart, parameters
from hbir.reporting.plots import write_plots
from hbir.reporting.rivals import rivals
from hbir.reporting.score_lines import comparison_csv
from hbir.reporting.scores import benchmark_scores
from hbir.reporting.verdicts import compared
from hbir.reporting.write import remove_old_scores
from tests.reporting.builder import build
from tests.reporting.page_reader import Page
from tests.reporting.test_terminal import shown

ROWS = ["xx", "xy", "hybrid", "merged-0.25", "initial", "hybrid+centred", "bm25"]


def add_rival(root: Path, name: str, unscored: tuple[str, ...] = ()) -> None:
    """Put the scores of xy there again, as those of a row without a training."""
    folder = Path(shutil.copytree(root / "xy", root / name))
    (folder / "training.json").unlink()
    params = {"merged.weight": 0.25} if name.startswith("merged") else {}
    write_rival(
        folder / RIVAL,
        RivalRecord(sampler=name, fingerprint=f"{name:0<64}", params=params, unscored=list(unscored)),
    )
    for benchmark in unscored:
        shutil.rmtree(folder / benchmark)
        final = read_json(folder / "final.json")
        del final[benchmark]
        write_json(folder / "final.json", final)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("scores")
    build(root, languages=("de", "fr"), benchmarks=("cldr", "xquad-r"))
    for name in ROWS[3:]:
        add_rival(root, name, ("xquad-r",) if name in ("bm25", "hybrid+centred") else ())
    return root


@pytest.fixture(scope="module")
def results(root: Path) -> list[SamplerResults]:
    return read_results(root, ROWS)


def test_only_samplers_have_a_training(results: list[SamplerResults]):
    assert [bool(result.training) for result in results] == [name in SAMPLERS for name in ROWS]
    assert [result.record.sampler for result in results[3:]] == ROWS[3:]


def test_they_are_rows_of_every_table(results: list[SamplerResults]):
    cldr, xquad = benchmark_scores(results)
    assert [row.sampler for row in cldr.main.rows] == ROWS
    assert [row.sampler for row in xquad.main.rows] == ["xx", "xy", "hybrid", "merged-0.25", "initial"]
    assert cldr.final is not None
    assert {row.sampler for row in cldr.final.rows} == {"xy"}


def test_the_headline_is_tested_against_them(results: list[SamplerResults]):
    found = compared(results, "hybrid")
    assert {one.other for one in found if one.benchmark == "cldr"} == set(ROWS) - {"hybrid"}
    assert {one.other for one in found if one.benchmark == "xquad-r"} == {"xx", "xy", "merged-0.25", "initial"}


def test_the_reports_say_what_they_are(results: list[SamplerResults]):
    about = rivals(results)
    assert list(about) == ROWS[3:]
    assert about["initial"] == "the encoder before any training"
    assert "xx (0.25) and xy (0.75)" in about["merged-0.25"]
    assert about["bm25"].endswith("not scored on xquad-r, whose passages are not held in memory")
    markdown = comparison_markdown(results, "hybrid")
    terminal = " ".join(shown(results, "hybrid").split())
    page = " ".join("".join(Page(comparison_page(results, "hybrid")).texts).split())
    for name, text in about.items():
        assert f"- {name}: {text}" in markdown
        assert f"{name}: {text}." in terminal
        assert text in page


def test_without_rivals_nothing_is_said(root: Path):
    alone = read_results(root, ROWS[:3])
    assert rivals(alone) == {}
    assert 'class="facts rivals"' not in comparison_page(alone, "hybrid")


def test_the_page_draws_curves_and_batches_of_samplers_alone(results: list[SamplerResults]):
    page = Page(comparison_page(results, "hybrid"))
    assert page.loads == []
    for kind in CURVES:
        assert loss_chart(results, kind, "hybrid").count("<polyline") == 3
    assert page.texts.count("initial") > 0
    checkpoints = next(table for table in page.tables if table[0][1] == "best step")
    assert [row[0] for row in checkpoints[1:]] == ["xx", "xy", "hybrid"]


def test_params_of_a_rival_stand_beside_those_of_trainings(results: list[SamplerResults]):
    lines = {line.name: line.values for line in parameters(results)}
    assert lines["merged.weight"] == ("–", "–", "–", "0.25", "–", "–", "–")
    assert lines["temperature"][3:] == ("–",) * 4
    assert lines["fingerprint"][4] == "initial00000"


def test_a_rival_alone_has_a_page_without_training(results: list[SamplerResults]):
    texts = Page(comparison_page([results[4]], "initial")).texts
    assert "Parameters" in texts
    assert "Loss" not in texts


def test_every_row_has_a_colour_of_its_own():
    style = (TEMPLATES / "style.css").read_text()
    for number in range(COLOURS):
        assert f".s{number} {{ --c: var(--c{number});" in style
        assert style.count(f"--c{number}: #") == 2  # light and dark


def test_csv_and_plots_hold_them(results: list[SamplerResults], tmp_path: Path):
    lines = list(csv.DictReader(io.StringIO(comparison_csv(results))))
    assert {line["sampler"] for line in lines} == set(ROWS)
    write_plots(results, tmp_path)
    for name, expected in (("settings", ROWS), ("loss", ["xx", "xy", "hybrid"])):
        with (tmp_path / f"{name}.csv").open() as stream:
            assert list(dict.fromkeys(row["sampler"] for row in csv.DictReader(stream))) == expected


def test_a_benchmark_that_a_rival_cannot_be_scored_on_does_not_forbid_to_compare(results: list[SamplerResults]):
    refuse_unlike(results)
    forgotten = read_results(results[0].folder.parent, ROWS)
    del forgotten[4].summaries["xquad-r"]
    with pytest.raises(DataError, match="xquad-r missing for initial"):
        refuse_unlike(forgotten)


def test_their_old_scores_go_by_their_whole_name(root: Path, tmp_path: Path):
    shutil.copytree(root, tmp_path / "scores")
    (tmp_path / "metrics").mkdir()
    for name in ROWS:
        (tmp_path / f"metrics/{name}.json").write_text("{}")
    kept = ["xx", "merged-0.25"]
    assert remove_old_scores(tmp_path, kept) == sorted(set(ROWS) - set(kept))
    assert sorted(path.name for path in (tmp_path / "scores").iterdir()) == sorted(kept)
    assert sorted(path.stem for path in (tmp_path / "metrics").iterdir()) == sorted(kept)
