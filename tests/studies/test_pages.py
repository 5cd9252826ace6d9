"""The numbers of a report are kept in small files, from which figures and pages are made again."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from hbir.commands.study import study
from hbir.core.errors import HbirError
from hbir.core.machine import write_record
from hbir.evaluation.intervals import Interval
from hbir.evaluation.results import SamplerResults
from hbir.reporting.csv_lines import csv_lines
from hbir.studies.csv_files import CONTRAST, contrast_cells, contrast_of, read_lines
from hbir.studies.folder import read_numbers, write_numbers
from hbir.studies.pages import WIDTH, draw, wrapped
from hbir.studies.study_table import Contrast
from tests.reporting.builder import build, write_preferences
from tests.studies.repository import make_repository, params_with, save_experiment

STUDY = """
study:
  question: Which sampler?
  seeds: [1, 2]
  samplers: [xx, xy, hybrid]
  reference: [xx, hybrid]
  benchmarks: [cldr, beir/my set]
"""
SAMPLERS = ["xx", "xy", "hybrid"]
LANGUAGES = ("de", "en", "es")
PAGE = """# A story

<!-- numbers: rows -->
<!-- /numbers -->

<!-- numbers: table -->
<!-- /numbers -->

Somebody's text, which stays.

<!-- numbers: figures -->
of an older report
<!-- /numbers -->

<!-- numbers: monolingual -->
<!-- /numbers -->

<!-- numbers: cost -->
<!-- /numbers -->

<!-- numbers: how -->
<!-- /numbers -->

<!-- another: table -->
left alone
<!-- /another -->
"""
MARKED = "# Another page\n\n<!-- numbers: answer -->\n<!-- /numbers -->\n"


def made_up(root: Path, commit: str, name: str, samplers: list[str], folder: Path) -> list[SamplerResults]:
    results = build(folder, samplers, LANGUAGES, benchmarks=("cldr", "beir/my set"))
    write_preferences(results)
    return results


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    params = params_with({"samplers": SAMPLERS})
    root = make_repository(tmp_path_factory.mktemp("pages") / "project", STUDY, params)
    for seed in (1, 2):
        save_experiment(root, f"curve-seed-{seed}", params | {"seed": seed})
    speed = {"seconds": 754.0, "pairs_per_second": [], "peak_memory_mb": 2345.6, "threads": 2, "cpu": "a CPU"}
    write_record(root, f"{b'xy'.hex():0<64}", speed)
    (root / "docs/numbers").mkdir(parents=True)
    (root / "docs/numbers/index.md").write_text(PAGE, encoding="utf-8")
    (root / "docs/numbers/old.svg").touch()
    (root / "README.md").write_text(MARKED, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.delenv("DVC_ROOT", raising=False)
        patch.setattr("hbir.studies.collect.fetch_scores", made_up)
        arguments = ["report", "curve", "--output", "docs/numbers", "--page", "README.md"]
        CliRunner().invoke(study, arguments, catch_exceptions=False)
    return root


def part(project: Path, name: str, page: str = "docs/numbers/index.md") -> str:
    text = (project / page).read_text(encoding="utf-8")
    [found] = re.findall(rf"<!-- numbers: {name} -->\n\n(.*?)\n\n<!-- /numbers -->", text, flags=re.DOTALL)
    return str(found)


def test_the_marked_parts_are_filled_and_the_rest_stays(project: Path):
    text = (project / "docs/numbers/index.md").read_text(encoding="utf-8")
    assert "Somebody's text, which stays." in text
    assert "left alone" in text
    assert "of an older report" not in text
    assert "| **xx** | .961 ± .000 [" in part(project, "table")
    assert part(project, "table").startswith("cldr in 3 languages, 2 seeds; ")
    assert "better and worse than `xx`:" in part(project, "table")
    assert part(project, "rows").startswith("Rows: `xx`: every batch in one language; `xy`: ")
    assert "Beside `hybrid`" in " ".join(part(project, "answer", "README.md").split())
    assert all(len(line) <= WIDTH for line in text.splitlines() if not line.startswith("|"))


def test_every_figure_of_the_page_is_there_with_its_text_and_no_other(project: Path):
    shown = re.findall(r"!\[([^]]+)\]\((\S+)\)", part(project, "figures"))
    assert [file for _, file in shown] == [
        f"cldr{name}.svg" for name in ("", "-languages", "-preferences", "-distances")
    ]
    alt = {file: " ".join(text.split()) for text, file in shown}
    assert "monolingual mAP: .961 for xx, .698 for xy and .933 for hybrid" in alt["cldr.svg"]
    assert "xx: monolingual mean 0.9" in alt["cldr-languages.svg"]
    assert "Half of them are within" in alt["cldr-distances.svg"]
    assert "xx: the query's language: +0.33 on average" in alt["cldr-preferences.svg"]
    files = {path.name for path in (project / "docs/numbers").glob("*.svg")}
    assert files > set(alt)
    assert "old.svg" not in files


def test_each_language_alone_is_what_the_cells_say(project: Path, tmp_path: Path):
    [cells] = [line.split(" | ") for line in part(project, "monolingual").splitlines() if "| de |" in line][:1]
    means = {
        result.sampler: next(cell["map"] for cell in result.cells("cldr") if cell["query_lang"] == "de")
        for result in build(tmp_path, SAMPLERS, LANGUAGES)
    }
    shown = dict(zip(SAMPLERS, cells[1:], strict=True))
    for sampler, text in shown.items():
        assert float(text.split()[0]) == pytest.approx(means[sampler], abs=5e-4)
    assert "worse)" in shown["xy"]
    assert "(−.263" in shown["xy"]


def test_minutes_and_memory_are_those_of_the_record(project: Path):
    text = part(project, "cost")
    [known] = re.findall(r"^\| xy \| 1 \| (.*) \|$", text, flags=re.MULTILINE)
    assert known.startswith("0.002 | 0.05 | 1,200 | 64 | ")
    assert known.endswith(" | 12.6 | 2,346")
    assert re.search(r"\| hybrid \| 2 \| .* \| – \| – \|", text)
    assert "a CPU, 2 thread(s)" in " ".join(text.split())


def test_the_files_give_the_numbers_again_and_drawing_again_changes_nothing(project: Path, tmp_path: Path):
    folder = tmp_path / "numbers"
    shutil.copytree(project / "docs/numbers", folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    numbers = read_numbers(folder)
    write_numbers(numbers, folder)
    draw(folder, [folder / "index.md"])
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [table.reference for table in numbers.tables] == ["xx", "xx", "hybrid", "hybrid"]


def test_the_command_draws_again(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(project)
    before = (project / "docs/numbers/cldr.svg").read_bytes()
    (project / "docs/numbers/cldr.svg").unlink()
    CliRunner().invoke(study, ["draw", "docs/numbers"], catch_exceptions=False)
    assert (project / "docs/numbers/cldr.svg").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("index.md", lambda text: text.replace(": table", ": tables_"), "Did you mean 'tables'"),
        ("index.md", lambda text: "nothing", "expected a page with `<!-- numbers: table -->`"),
        ("about.json", lambda text: text.replace('"tables"', '"tabels"'), "expected the files of a report"),
        ("scores.csv", lambda text: text.replace(",0.9", ",zero"), "expected the files of a report"),
        ("differences.csv", lambda text: text.replace(",better", ",best"), "expected the files of a report"),
        ("languages.csv", None, "expected a file of a report, found none"),
    ],
)
def test_what_does_not_fit_is_named(project: Path, tmp_path: Path, name: str, change, message: str):
    folder = tmp_path / "numbers"
    shutil.copytree(project / "docs/numbers", folder)
    file = folder / name
    if change is None:
        file.unlink()
    else:
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(HbirError, match=message):
        draw(folder, [folder / "index.md"])


numbers = st.floats(-1e6, 1e6).map(lambda value: round(value, 6) + 0.0)
intervals = st.none() | st.builds(Interval, low=numbers, high=numbers)
contrasts = st.builds(
    Contrast,
    value=numbers,
    interval=intervals,
    p=st.none() | st.floats(0, 1).map(lambda value: round(value, 6)),
    effect=st.none() | numbers,
    verdict=st.sampled_from(["better", "worse", "higher", "lower", "no difference shown", "too few queries"]),
    clusters=st.integers(0, 10**6),
    needed=st.integers(0, 100),
)


@given(contrasts)
def test_a_difference_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, one: Contrast):
    path = tmp_path_factory.getbasetemp() / "contrast.csv"
    path.write_text(csv_lines([CONTRAST, contrast_cells(one)]), encoding="utf-8")
    assert contrast_of(read_lines(path)[0]) == one


@given(
    st.lists(
        st.sampled_from(["a", "word", "longer-with-hyphens", "`code`", "x" * 120]), min_size=1, max_size=60
    )
)
def test_wrapping_changes_no_word(given: list[str]):
    text = wrapped(" ".join(given))
    assert text.split() == given
    assert all(len(line) <= WIDTH or " " not in line for line in text.splitlines())
