"""`hbir plan`: from a pair to the models that saw it, and from a model to the pairs that it saw."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from hbir.batching.plan import read_plan, write_plan
from hbir.collection.collect import collect
from hbir.collection.params import CollectParams
from hbir.commands.plan import plan as command
from hbir.core.errors import HbirError
from hbir.core.files import write_table
from hbir.core.hashing import file_digest
from hbir.core.training_record import TRAINING, write_training
from tests.batching.inventories import Pair, merged, params, plan_of
from tests.batching.test_find import record_of
from tests.pages import ROOT, blocks, commands
from tests.training.conftest import make_record

SIZE, STEPS = 3, 4
PAGE = ROOT / "docs/how-to/plan.md"
PAIRS = [
    Pair(-3, queries={"de": "Was kostet, bitte, „das“?"}),
    *(Pair(number) for number in range(9)),
    Pair(99, split="validation"),
]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be in a project with two plans; a model of hybrid is the best after step 1 and goes on to 2."""
    monkeypatch.chdir(tmp_path)
    Path("stages").mkdir()
    Path("params.yaml").touch()
    pairs = Path("data/pairs.parquet")
    write_table(pairs, merged(PAIRS))
    for name in ("hybrid", "xy"):
        plan = replace(plan_of(name, PAIRS, params(SIZE, STEPS)), pairs_fingerprint=file_digest(pairs))
        write_plan(Path(f"data/batches/{name}.parquet"), plan)
    write_training(Path("models/hybrid", TRAINING), record_of(read_plan(Path("data/batches/hybrid.parquet"))))


def hbir_plan(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def planned(sampler: str) -> list[dict[str, str]]:
    table = pq.read_table(f"data/batches/{sampler}.parquet").to_pylist()
    return [{name: str(value) for name, value in row.items()} for row in table]


def test_every_time_a_pair_was_seen_is_a_line():
    found = rows_of(hbir_plan("find", "-3", "--format", "csv").output)
    models = {"hybrid": {"0": "models/hybrid", "1": "models/hybrid/final"}, "xy": {}}
    assert found == [
        {
            "pair_id": "-3",
            "sampler": sampler,
            **{name: row[name] for name in ("step", "query_lang", "passage_lang")},
            "model": models[sampler].get(row["step"], ""),
        }
        for sampler in ("xy", "hybrid")
        for row in planned(sampler)
        if row["pair_id"] == "-3"
    ]
    assert found


def test_a_reader_sees_the_pair_and_who_saw_it():
    lines = hbir_plan("find", "KOSTET").output.splitlines()
    assert lines[:3] == [
        "pair -3 · source a · train · de, en, fr",
        "  query (de): Was kostet, bitte, „das“?",
        "  passage (de): -3 de",
    ]
    times = {name: sum(row["pair_id"] == "-3" for row in planned(name)) for name in ("xy", "hybrid")}
    seen = sum(row["pair_id"] == "-3" and row["step"] == "0" for row in planned("hybrid"))
    plural = {name: f"{count} time{'s' * (count != 1)} in 4 steps; " for name, count in times.items()}
    assert f"xy: {plural['xy']}no model is trained on it yet" in lines
    assert f"hybrid: {plural['hybrid']}models/hybrid, trained on 1, saw {seen}" in lines
    [row] = [row for row in planned("xy") if row["pair_id"] == "-3"][:1]
    assert any(
        line.startswith(f"  {row['query_lang']} → {row['passage_lang']}: {row['step']}") for line in lines
    )


def test_a_pair_of_validation_is_in_no_step():
    lines = hbir_plan("find", "99").output.splitlines()
    assert lines[0].startswith("pair 99 · source a · validation")
    assert lines[3:] == ["xy: in none of its 4 steps", "hybrid: in none of its 4 steps"]


def test_a_model_of_another_plan_is_said_and_not_taken_for_one_that_saw():
    write_training(Path("models/hybrid", TRAINING), make_record("hybrid"))
    assert "; models/hybrid is one of another plan" in hbir_plan("find", "-3").output
    with pytest.raises(HbirError, match="models/hybrid: expected a model that was trained on the plan"):
        hbir_plan("pairs", "hybrid")


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ([], {"0"}),
        (["--all"], {"0", "1", "2", "3"}),
        (["--step", "0"], {"0"}),
        (["--all", "--step", "2"], {"2"}),
    ],
)
def test_the_pairs_that_a_model_saw(options: list[str], steps: set[str]):
    found = rows_of(hbir_plan("pairs", "hybrid", *options).output)
    wanted = [row for row in planned("hybrid") if row["step"] in steps]
    assert [{name: row[name] for name in wanted[0]} for row in found] == wanted
    texts = {(pair.pair_id, lang): pair.row(lang) for pair in PAIRS for lang in pair.languages}
    for row in found:
        assert row["query"] == texts[int(row["pair_id"]), row["query_lang"]]["query"]
        assert row["passage"] == texts[int(row["pair_id"]), row["passage_lang"]]["passage"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pairs", "xy"], "models/xy: expected a trained model, found none.* --all"),
        (["pairs", "hybrid", "--step", "1"], "expected a step from 0 to 0, found 1. Add --all"),
        (["pairs", "hybrid", "--all", "--step", "4"], "expected a step from 0 to 3, found 4"),
        (["pairs", "hybird"], "Did you mean 'hybrid'"),
        (["export", "english", "out.parquet"], "data/batches/english.parquet: expected a plan, found none"),
        (["find", "no such text"], "expected a pair with the id or the text 'no such text', found none"),
    ],
)
def test_what_is_wrong_is_named(arguments: list[str], message: str):
    with pytest.raises(HbirError, match=message):
        hbir_plan(*arguments)


def test_a_plan_is_exported():
    assert (
        hbir_plan("export", "xy", "out/xy.parquet").output
        == "out/xy.parquet: 4 batches of 3 pairs, in their order\n"
    )
    table = pq.read_table("out/xy.parquet")
    assert table.num_rows == SIZE * STEPS
    assert table["pair_id"].to_pylist() == [int(row["pair_id"]) for row in planned("xy")]


@pytest.fixture
def several() -> None:
    """Plan every query with its passages in three languages, two queries in a batch; a model saw one step."""
    pairs, path = Path("data/pairs.parquet"), Path("data/batches/all_languages.parquet")
    plan = replace(plan_of("all_languages", PAIRS, params(6, STEPS)), pairs_fingerprint=file_digest(pairs))
    write_plan(path, plan)
    write_training(Path("models/all_languages", TRAINING), record_of(plan))


@pytest.mark.usefixtures("several")
def test_a_pair_in_several_rows_of_a_step_was_seen_once_there():
    steps = {row["pair_id"]: row["step"] for row in planned("all_languages")}
    for pair in ("-3", *map(str, range(9))):
        rows = [row for row in planned("all_languages") if row["pair_id"] == pair]
        text = hbir_plan("find", pair).output if rows else ""
        seen = int(any(row["step"] == "0" for row in rows))
        assert (
            not rows
            or f"all_languages: 1 time in 4 steps; models/all_languages, trained on 1, saw {seen}" in text
        )
        lines = rows_of(hbir_plan("find", pair, "--format", "csv").output)
        assert len([line for line in lines if line["sampler"] == "all_languages"]) == len(rows) in (0, 3)
    assert len(steps) == 2 * STEPS


@pytest.mark.usefixtures("several")
def test_whoever_exports_several_rows_of_a_pair_is_told_that_they_are_no_negatives(caplog):
    hbir_plan("export", "xy", "out/xy.parquet")
    assert caplog.messages == []
    hbir_plan("export", "all_languages", "out/all.parquet")
    [message] = caplog.messages
    assert "rows of one pair_id" in message


def test_the_text_of_the_page_is_of_one_pair_of_the_embedded_corpus():
    [text] = {words[5] for block in blocks(PAGE, "console") for words in commands(block) if "find" in words}
    english = collect(CollectParams(sources=[{"kind": "cldr"}])).english
    assert sum(text in query for query in english["query"].to_pylist()) == 1
    assert not any(text in passage for passage in english["passage"].to_pylist())


def test_outside_a_project_nothing_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    for arguments in (["find", "x"], ["pairs", "xy"], ["export", "xy", "out"]):
        with pytest.raises(HbirError, match="expected an hbir project"):
            hbir_plan(*arguments)
