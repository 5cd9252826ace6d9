"""Pairs are found in plans and among the pairs, and models are traced to the plan that they saw."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from hbir.batching.find import occurrences
from hbir.batching.opened import open_plan, open_plans
from hbir.batching.pair_search import MOST, find_pairs
from hbir.batching.plan import Plan, read_plan, write_plan
from hbir.batching.seen import models_of
from hbir.batching.summary import language_composition
from hbir.core.errors import DataError, HbirError, PlanError
from hbir.core.files import write_table
from hbir.core.hashing import file_digest
from hbir.core.training_record import TRAINING, TrainingRecord, write_training
from tests.batching.inventories import NAMES, Pair, merged, params, plan_of, rows_of
from tests.training.conftest import make_record

PAIRS = [Pair(number, languages=["de", "en"] if number % 3 else ["de", "en", "fr"]) for number in range(20)]


def record_of(plan: Plan) -> TrainingRecord:
    said = {"batch_size": plan.batch_size, "steps": plan.steps, "alpha": plan.alpha, "seed": plan.seed}
    return replace(make_record(plan.sampler, said), composition=tuple(language_composition(plan)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("part", [1, 7, 1 << 20])
def test_every_occurrence_is_found_and_no_other(name: str, part: int, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("hbir.batching.head.PART", part)
    write_plan(tmp_path / "plan.parquet", plan_of(name, PAIRS, params(size=4, steps=14)))
    plan = read_plan(tmp_path / "plan.parquet")
    for wanted in ([4], [0, 3, 11, 99], [99]):
        found = [(o.step, o.pair_id, o.query_lang, o.passage_lang) for o in occurrences(plan, wanted)]
        assert found == [row for row in rows_of(plan) if row[1] in wanted]
    assert [o.pair_id for o in occurrences(plan, range(20))] == [row[1] for row in rows_of(plan)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pairs = [
        Pair(-5, queries={"de": "Was KOSTET das?", "fr": "Combien ?"}, passages={"en": "It costs 1984 yen."}),
        Pair(7, queries={"fr": "Où est la ÉCOLE (grande)?"}, split="validation", source="b"),
        *(Pair(100 + number, passages={"en": f"one of many, {number}"}) for number in range(MOST + 1)),
    ]
    write_table(tmp_path / "pairs.parquet", merged(pairs))
    return tmp_path / "pairs.parquet"


@pytest.mark.parametrize(
    ("wanted", "pair_id", "shown"),
    [
        ("-5", -5, "en"),
        ("kostet", -5, "de"),
        ("1984", -5, "en"),  # no such id: a text
        ("école (", 7, "fr"),
        ("7", 7, "en"),  # all its texts hold its number
        ("many, 10", 110, "en"),
    ],
)
def test_a_pair_is_found_by_id_or_text(path: Path, wanted: str, pair_id: int, shown: str):
    [found] = find_pairs(path, wanted)
    assert (found.pair_id, found.shown(wanted)) == (pair_id, shown)
    assert set(found.texts) == {"de", "en", "fr"}
    assert (found.split, found.source) == (("validation", "b") if pair_id == 7 else ("train", "a"))


def test_several_pairs_are_found_in_small_batches(path: Path, monkeypatch):
    monkeypatch.setattr("hbir.batching.pair_search._ROWS", 2)
    found = find_pairs(path, "many, 1")
    assert [pair.pair_id for pair in found] == [101, 110]
    assert found[0].texts["en"][1] == "one of many, 1"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("one of many", f"expected at most {MOST} pairs with the text 'one of many', found more"),
        ("absent", "expected a pair with the id or the text 'absent', found none"),
        (str(1 << 70), "found none"),
    ],
)
def test_none_and_too_many_are_errors(path: Path, wanted: str, message: str):
    with pytest.raises(DataError, match=message):
        find_pairs(path, wanted)


def test_a_model_is_traced_to_its_plan(tmp_path: Path):
    plan = plan_of("hybrid", PAIRS, params(size=3, steps=4))
    assert models_of(plan, tmp_path) is None
    write_training(tmp_path / TRAINING, record_of(plan))
    models = models_of(plan, tmp_path)
    assert models is not None
    assert (models.best, models.final) == (1, 2)
    names = [models.first_with(step) for step in range(3)]
    assert names == [tmp_path.as_posix(), f"{tmp_path.as_posix()}/final", ""]


@pytest.mark.parametrize("changes", [{"alpha": 0.4}, {"size": 4}, {"steps": 5}])
def test_a_model_of_another_plan_is_refused(tmp_path: Path, changes):
    plan = plan_of("hybrid", PAIRS, params(size=3, steps=4))
    write_training(
        tmp_path / TRAINING, record_of(plan_of("hybrid", PAIRS, params(**{"size": 3, "steps": 4} | changes)))
    )
    with pytest.raises(PlanError, match="found one of another plan"):
        models_of(plan, tmp_path)


def test_a_model_of_other_languages_is_refused(tmp_path: Path):
    plan = plan_of("xy", PAIRS, params(size=3, steps=4))
    english = replace(plan_of("english", PAIRS, params(size=3, steps=4)), sampler="xy")
    write_training(tmp_path / TRAINING, record_of(english))
    with pytest.raises(PlanError, match="found one of another plan"):
        models_of(plan, tmp_path)


@pytest.fixture
def project(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_table(Path("data/pairs.parquet"), merged(PAIRS))
    for name in ("hybrid", "xx"):
        plan = plan_of(name, PAIRS, params(size=3, steps=4))
        digest = file_digest(Path("data/pairs.parquet"))
        write_plan(Path(f"data/batches/{name}.parquet"), replace(plan, pairs_fingerprint=digest))
    return tmp_path


@pytest.mark.usefixtures("project")
def test_plans_are_opened_by_name():
    assert [plan.sampler for plan in open_plans()] == ["xx", "hybrid"]
    assert open_plan("hybrid").sampler == "hybrid"


@pytest.mark.usefixtures("project")
def test_what_cannot_be_opened_is_named():
    for name, message in (
        ("hybird", "hbir plan: expected one of .*'hybird'. Did you mean 'hybrid'"),
        ("mixed", "data/batches/mixed.parquet: expected a plan, found none. Run `dvc repro build_batches`"),
    ):
        with pytest.raises(HbirError, match=message):
            open_plan(name)
    write_table(Path("data/pairs.parquet"), merged(PAIRS[:-1]))
    with pytest.raises(PlanError, match="expected pairs of fingerprint"):
        open_plans()
    Path("data/pairs.parquet").unlink()
    with pytest.raises(DataError, match=r"data/pairs.parquet: expected a file, found none"):
        open_plan("xx")


def test_no_plan_at_all_is_an_error(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlanError, match="data/batches: expected a plan, found none"):
        open_plans()


def test_pairs_of_another_table_are_an_error(tmp_path: Path):
    write_table(tmp_path / "pairs.parquet", pa.table({"id": [1]}))
    with pytest.raises(DataError, match="expected the columns"):
        find_pairs(tmp_path / "pairs.parquet", "1")
