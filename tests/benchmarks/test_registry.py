"""What every benchmark says of itself, and which names are refused."""

import json

import pytest
from click.testing import CliRunner

from hbir.benchmarks import cldr, lareqa
from hbir.benchmarks.registry import LOADERS, check_entries, list_benchmarks, load
from hbir.commands.benchmarks import benchmarks
from hbir.core.errors import ParamsError


def test_every_benchmark_says_what_it_is():
    known = {about.name: about for about in list_benchmarks()}
    assert {name.split("/")[0] for name in known} == {name.split("/")[0] for name in LOADERS}
    assert all(about.asks and about.licence and about.citation and about.source for about in known.values())
    assert known["xquad-r"].counts == "13,090 queries and 13,014 candidates in 11 languages"
    assert known["miracl"].counts == "106,332,152 passages in 18 languages"
    assert known["mlqa-r"].licence == known["mtop"].licence == known["mewsli-x"].licence == "unknown"
    assert known["xtreme-r-lareqa"].source == known["xquad-r"].source != known["mlqa-r"].source
    assert lareqa.ABOUT.keys() < LOADERS.keys()


def test_the_measures_are_those_of_the_task():
    (task,) = load("cldr", ["de"])
    assert (cldr.ABOUT.name, cldr.ABOUT.measures) == (task.name, "mAP")


def test_the_command():
    found = json.loads(CliRunner().invoke(benchmarks, ["--json"], catch_exceptions=False).output)
    assert list(found) == [about.name for about in list_benchmarks()]
    table = CliRunner().invoke(benchmarks, [], catch_exceptions=False).output
    assert "beir/<name>" in table
    assert max(map(len, table.splitlines())) <= 80


@pytest.mark.parametrize(
    "name",
    ["beir/x[/y]", "beir/../../etc", "beir/", "beir//x", "/beir/x", "beir/x\n", "mteb/[bold]", "beir/.x"],
)
def test_names_that_could_be_no_folder_or_markup_are_refused(name):
    with pytest.raises(ParamsError, match="expected a name of letters, digits"):
        check_entries([name], "params.yaml: evaluate.benchmarks")


@pytest.mark.parametrize(
    "name", ["beir/my set", "beir/cqadupstack/android", "mteb/STS22.v2", "parallel/Ärzte_1"]
)
def test_names_that_are_taken(name):
    entry = {"name": name, "held_out": 0.1} if name.startswith("parallel") else name
    assert check_entries([entry], "here") == [entry]
