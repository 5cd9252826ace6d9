"""The studies that come with hbir: every form is whole, and says what it costs and lacks."""

import copy
from pathlib import Path
from typing import Any

import pytest

from hbir.core.errors import ParamsError
from hbir.core.params import read_params
from hbir.encoding.presets import PRESETS
from hbir.encoding.shapes import SHAPES, shape_of
from hbir.inputs.check import check
from hbir.inputs.study import merge
from hbir.studies.cost import CPU_FLOPS, USED, costs
from hbir.studies.existing import Found
from hbir.studies.lacking import lacking
from hbir.studies.plan import Planned, check_plan, plan
from hbir.studies.study_file import FULL, SMALL, Study, forms_of, read_study, study_names
from hbir.studies.tables import table_plans

ROOT = Path(__file__).parents[2]
ASKING = ["alpha", "batch-composition", "e5", "e5-alpha", "e5-grid", "e5-lareqa", "e5-zero-shot"]
ASKING += ["low-resource", "merged", "mtop-baselines", "paper", "seeds", "task-order", "xlmr-large-vs-mt5"]
FORMS = [
    (name, form) for name in ASKING for form in (FULL, SMALL, *(["embedded"] if name == "task-order" else []))
]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("HBIR_DATA", raising=False)
    monkeypatch.setattr("hbir.studies.lacking._is_cached", lambda hub_id, kind: False)


def planned(name: str, form: str = FULL) -> list[Planned]:
    return plan(read_study(name, form), read_params())


def shared(study: Study) -> dict[str, Any]:
    params = copy.deepcopy(read_params())
    merge(params, study.params)
    return params


def test_these_are_all():
    assert [name for name in study_names() if forms_of(name)] == ASKING
    assert {(name, form) for name in ASKING for form in forms_of(name)} == set(FORMS)


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_every_experiment_has_whole_params_and_the_tables_have_their_rows(name: str, form: str):
    study = read_study(name, form)
    check_plan(planned(name, form))
    tables = table_plans(study, shared(study))
    assert tables
    for table in tables:
        assert table.reference in [row.name for row in table.rows]
        assert len({row.name for row in table.rows}) == len(table.rows) > 1
    assert len(study.seeds) > 1 or (name, form) == ("e5-grid", FULL)


@pytest.mark.parametrize("name", ASKING)
def test_a_small_form_needs_nothing_and_takes_minutes(name: str):
    small = planned(name, SMALL)
    assert lacking([one.params for one in small]) == []
    found = costs([Found(planned=one, state="missing") for one in small], "A100")
    assert all(cost is not None and cost.is_cpu for cost in found)
    assert sum(cost.hours for cost in found if cost) / 2 < 0.25
    assert {one.params["threads"] for one in small} == {1}
    assert read_study(name, SMALL).jobs == 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("batches: {stepz: 3}", "experiment own-seed-1: params.yaml: batches: .*Did you mean 'steps'"),
        ("evaluate: {benchmarks: [xquadr]}", "experiment own-seed-1: .*Did you mean 'xquad-r'"),
        ("encoder: {pooling: median}", "experiment own-seed-1: params.yaml: encoder.pooling: expected"),
    ],
)
def test_an_override_that_the_pipeline_does_not_know_is_named(tmp_path: Path, override: str, message: str):
    path = tmp_path / "own.yaml"
    path.write_text(f"study: {{question: Own?, seeds: [1, 2]}}\n{override}\n")
    with pytest.raises(ParamsError, match=message):
        check_plan(plan(read_study(str(path)), read_params()))


def test_alpha_varies_alpha_alone():
    experiments = planned("alpha")
    assert [one.name for one in experiments[:2]] == ["alpha-0.0-seed-1", "alpha-0.1-seed-1"]
    assert experiments[-1].name == "alpha-1.0-seed-3"
    assert len(experiments) == 33
    base = read_params()
    for one in experiments:
        alpha = one.params["batches"]["hybrid"]["alpha"]
        assert one.name == f"alpha-{alpha}-seed-{one.seed}"
        expected = copy.deepcopy(base)
        expected["batches"]["hybrid"]["alpha"] = alpha
        assert one.params == {**expected, "seed": one.seed, "threads": 1}


@pytest.mark.parametrize(
    ("name", "form"), [("task-order", FULL), ("task-order", "embedded"), ("task-order", SMALL)]
)
def test_every_schedule_has_as_much_of_both_kinds(name: str, form: str):
    for one in planned(name, form):
        alpha = one.params["batches"]["hybrid"]["alpha"]
        segments = alpha if isinstance(alpha, list) else [[1.0, alpha]]
        ends = [0.0, *(until for until, _ in segments)]
        budget = sum(a * (end - start) for (end, a), start in zip(segments, ends, strict=False))
        assert budget == pytest.approx(0.5, abs=1e-3), one.name


def test_all_batch_sizes_see_as_many_pairs():
    for form in (FULL, SMALL):
        seen = {
            one.params["batches"]["size"] * one.params["batches"]["steps"]
            for one in planned("batch-composition", form)
        }
        assert len(seen) == 1


def test_the_paper_has_figures_for_every_sampler():
    published = read_study("paper").published
    assert set(published) == {"xquad-r", "mlqa-r", "miracl"}
    for cells in published.values():
        assert set(cells) == {"xlmr", "labse"}
        for samplers in cells.values():
            assert set(samplers) == {"xx", "xy", "hybrid"}
    assert published["xquad-r"]["xlmr"]["xx"]["multilingual rank_distance"] == 410.2
    assert published["mlqa-r"]["labse"]["hybrid"]["cross_lingual map"] == 0.6811
    assert published["miracl"]["labse"]["xy"]["monolingual recall@100"] == 0.7768


def test_what_a_full_form_lacks_is_named_with_its_place():
    lines = lacking([one.params for one in planned("xlmr-large-vs-mt5")])
    text = "\n".join(lines)
    assert (
        "weights FacebookAI/xlm-roberta-large: from https://huggingface.co/FacebookAI/xlm-roberta-large" in text
    )
    assert "weights google/mt5-large" in text
    assert (
        "training pairs nq: from https://huggingface.co/datasets/sentence-transformers/natural-questions"
        in text
    )
    assert "translation model facebook/nllb-200-distilled-600M" in text
    assert "benchmark mlqa-r: <lang>.json, in data/benchmarks/mlqa-r; from " in text
    assert len(lines) == len(set(lines))
    paper = "\n".join(lacking([one.params for one in planned("paper")]))
    assert "file data/sources/newsqa/combined-newsqa-data-v1.csv: put it there" in paper


def cost(name: str, number: int = 0, gpu: str = "A100", **changes: Any) -> Any:
    found = [Found(planned=one, state="missing") for one in planned(name)]
    return costs(found, gpu)[number]


def test_hours_are_operations_over_what_a_card_does():
    """XLM-R base, computed by hand for queries of 16 and passages of 96 tokens."""
    weights = 12 * (4 * 768**2 + 2 * 768 * 3072)
    pair = sum(3 * t * (2 * weights + 12 * 4 * t * 768) for t in (16, 96))
    text = 96 * (2 * weights + 12 * 4 * 96 * 768)
    texts = 2 * (
        2_061_414 + 297_265 + 1_883_509 + 506_264 + 1_446_315 + 1_486_752 + 131_924 + 518_079 + 542_166 + 49_043
    )
    first = cost("low-resource")
    assert (first.trainings, first.scorings, first.is_cpu) == (2, 2, False)
    assert first.hours == pytest.approx((2 * 10_000 * 100 * pair + texts * text) / (312e12 * USED) / 3600)
    assert cost("low-resource", gpu="H100").hours == pytest.approx(first.hours * 312 / 989)


def test_a_training_that_another_experiment_shares_is_counted_once():
    found = costs([Found(planned=one, state="missing") for one in planned("alpha")], "A100")
    assert [one.trainings for one in found if one] == ([3] + [1] * 10) * 3
    assert {one.scorings for one in found if one} == {3}
    there = costs([Found(planned=one, state="there") for one in planned("alpha")], "A100")
    assert {(one.trainings, one.scorings, one.hours) for one in there if one} == {(0, 0, 0.0)}
    first = costs(
        [Found(planned=one, state="there" if one.seed == 1 else "missing") for one in planned("alpha")], "A100"
    )
    assert sum(one.trainings for one in first if one) == 2 * 13


def test_the_default_on_two_threads_is_as_fast_as_it_was_measured():
    params = check(read_params())
    shape = shape_of(params.encoder)
    assert shape is not None
    assert 2 * CPU_FLOPS / (shape.flops(16) + shape.flops(96)) == pytest.approx(600, rel=0.03)


def test_every_pretrained_preset_has_its_sizes():
    """Layers and tokens add up to the published number of weights, but for positions, norms and biases."""
    assert {name for name, preset in PRESETS.items() if preset.id} == set(SHAPES)
    for name, shape in SHAPES.items():
        counted = shape.layer_weights + shape.vocabulary * shape.width
        assert 0.98 < counted / PRESETS[name].parameters < 1.001, name
