"""A study's file becomes named experiments with whole params, and what is wrong in it is named."""

from pathlib import Path

import pytest

from hbir.core.errors import ParamsError
from hbir.studies.cells import cells_of, numeric_axis
from hbir.studies.plan import chosen, plan
from hbir.studies.study_file import forms_of, read_study
from tests.studies.repository import PARAMS, STUDY, make_repository, params_with


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(make_repository(tmp_path / "project"))
    return tmp_path / "project"


def rewrite(text: str) -> None:
    Path("studies/curve.yaml").write_text(text, encoding="utf-8")


def test_every_seed_has_every_value_and_the_params_of_the_file():
    planned = plan(read_study("curve"), PARAMS)
    assert [one.name for one in planned] == [
        f"curve-{alpha}-seed-{seed}" for seed in (1, 2) for alpha in ("0.0", "0.5", "1.0")
    ]
    assert planned[-1].params == params_with({"batches.hybrid.alpha": 1.0, "seed": 2, "threads": 1})
    assert PARAMS["threads"] == 2


def test_a_form_has_params_of_its_own_and_shares_the_rest():
    assert forms_of("curve") == ["full", "small"]
    small = read_study("curve", "small")
    planned = plan(small, PARAMS, ["batches.steps=9"])
    assert {one.name for one in planned} >= {"curve-small-0.0-seed-3"}
    assert {(one.params["threads"], one.params["batches"]["steps"]) for one in planned} == {(2, 9)}
    assert small.question == "Which α?"


def test_a_study_that_extends_another_says_only_what_differs():
    Path("studies/longer.yaml").write_text("extends: curve\nbatches: {steps: 7}\nstudy: {seeds: [5]}\n")
    Path("studies/longest.yaml").write_text("extends: longer\nbatches: {steps: 9}\nthreads: 3\n")
    base, longer, longest = (read_study(name) for name in ("curve", "longer", "longest"))
    assert longer.sweep == longest.sweep == base.sweep
    assert longer.question == base.question
    assert longest.seeds == [5]
    assert longer.params == base.params | {"batches": {"steps": 7}}
    assert longest.params == base.params | {"batches": {"steps": 9}, "threads": 3}
    assert [one.name for one in plan(longest, PARAMS)] == [
        f"longest-{alpha}-seed-5" for alpha in (0.0, 0.5, 1.0)
    ]


def test_a_study_extends_no_unknown_study_and_not_itself():
    Path("studies/own.yaml").write_text("extends: curv\n")
    with pytest.raises(ParamsError, match=r"own\.yaml: extends: .*Did you mean 'curve'"):
        read_study("own")
    Path("studies/own.yaml").write_text("extends: own\n")
    with pytest.raises(ParamsError, match=r"own\.yaml: extends: "):
        read_study("own")


def test_axes_are_multiplied():
    encoders = "{a: {sampler: xx}, b: {sampler: hybrid, threads: 3}}"
    axes = f"  sweep:\n    encoder: {encoders}\n    batches.size: [8, 16]\n"
    rewrite(STUDY.replace("  sweep:\n    batches.hybrid.alpha: [0.0, 0.5, 1.0]\n", axes))
    cells = cells_of(read_study("curve"))
    assert [cell.label for cell in cells] == ["a-8", "a-16", "b-8", "b-16"]
    assert cells[3].changes == {"sampler": "hybrid", "threads": 3, "batches.size": 16}
    assert numeric_axis(read_study("curve")) is None  # two points make no curve


def test_without_a_sweep_there_is_one_cell_a_seed():
    rewrite("study: {question: Same?, name: '', seeds: [1, 2]}\n")
    assert [one.name for one in plan(read_study("curve"), PARAMS)] == ["seed-1", "seed-2"]


def test_three_numbers_make_a_curve_and_schedules_do_not():
    assert numeric_axis(read_study("curve")) == "batches.hybrid.alpha"
    rewrite(STUDY.replace("[0.0, 0.5, 1.0]", "[true, false, 1]"))
    assert numeric_axis(read_study("curve")) is None


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("threads: 1", "thread: 1", None),
        ("batches.hybrid.alpha:", "batches.hybrid.alfa:", "Did you mean 'batches.hybrid.alpha'"),
        ("seeds: [1, 2]\n", "seeds: []\n", "study.seeds"),
        ("seeds: [1, 2]\n", "seed: [1, 2]\n", "Did you mean 'seeds'"),
        ("seeds: [1, 2]\n", "seeds: [1, 1]\n", "study.seeds: expected each seed once, found .1, 1."),
        ("batches.hybrid.alpha: [0.0, 0.5, 1.0]", "seed: [1, 2]", "sweep: expected params without `seed`"),
        ("[0.0, 0.5, 1.0]", "{a: {seed: 3}}", "sweep: expected .*Name seeds in `seeds` of the study"),
        ("\nthreads: 1", "\nseed: 3", "study curve: expected params without `seed`"),
        ("  question: Which α?\n", "", "question: expected a value"),
        ("[0.0, 0.5, 1.0]", "[0.5, 0.5]", "'0.5' twice"),
        ("[0.0, 0.5, 1.0]", "[[[0.5, 1.0], [1.0, 0.0]]]", "Name it"),
        ("compare: cells", "compare: cell", "study.compare"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(before: str, after: str, message: str | None):
    assert before in STUDY
    rewrite(STUDY.replace(before, after, 1))
    if message is None:  # the whole params are checked before a run
        assert "thread" in plan(read_study("curve"), PARAMS)[0].params
        return
    with pytest.raises(ParamsError, match=message):
        plan(read_study("curve"), PARAMS)


def test_an_unknown_study_form_or_change_has_a_neighbour():
    with pytest.raises(ParamsError, match="Did you mean 'curve'"):
        read_study("curves")
    with pytest.raises(ParamsError, match="Did you mean 'small'"):
        read_study("curve", "smal")
    with pytest.raises(ParamsError, match="Did you mean 'batches.steps'"):
        plan(read_study("curve"), PARAMS, ["batches.step=3"])
    with pytest.raises(ParamsError, match="--set-param: expected params without `seed`, .*--only seed-<n>"):
        plan(read_study("curve"), PARAMS, ["seed=3"])
    with pytest.raises(ParamsError, match="expected key=value"):
        plan(read_study("curve"), PARAMS, ["batches.steps"])


def test_params_alone_are_no_question():
    rewrite("threads: 1\n")
    assert forms_of("curve") == []
    with pytest.raises(ParamsError, match="hbir study apply curve"):
        read_study("curve")


def test_some_experiments_are_chosen_by_value_seed_or_name():
    planned = plan(read_study("curve"), PARAMS)
    assert [one.name for one in chosen(planned, ["0.5"])] == ["curve-0.5-seed-1", "curve-0.5-seed-2"]
    assert len(chosen(planned, ["seed-2", "curve-0.0-seed-1"])) == 4
    assert chosen(planned, []) == planned
    with pytest.raises(ParamsError, match="--only: .*Did you mean 'seed-2'"):
        chosen(planned, ["seed-22"])
