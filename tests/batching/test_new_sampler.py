"""A new sampler is one entry in the table and one composition: everything else derives."""

import pytest

from hbir.batching import compositions
from hbir.batching.build import make_plan
from hbir.batching.compositions import one_language
from hbir.batching.inventory import Inventory
from hbir.core.params import read_params
from hbir.core.project import read_project
from hbir.core.rows import compared_rows
from hbir.core.samplers import SAMPLERS, Sampler, baselines
from hbir.training.params import train_params
from tests.batching.inventories import Pair, merged, params, rows_of
from tests.test_structure import ROOT

NEW = Sampler(
    name="twice",
    composition="twice",
    label="X-X-mono, again",
    description="every batch in one language, by another name",
    colour="#000000",
)


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(SAMPLERS, "twice", NEW)
    monkeypatch.setitem(compositions.COMPOSITIONS, "twice", one_language)


def test_it_is_planned_with_its_composition():
    inventory = Inventory.of(merged([Pair(number) for number in range(20)]))
    new, known = (make_plan(name, inventory, params(size=4, steps=9), 1, "f") for name in ("twice", "xx"))
    assert (new.sampler, new.alpha) == ("twice", None)
    assert rows_of(new) == rows_of(known)


def test_it_can_be_a_baseline_and_the_headline():
    assert baselines()[-1] == "twice"
    params = read_params(ROOT / "params.yaml") | {"baselines": ["twice"], "sampler": "twice"}
    assert read_project(params).sampler == "twice"
    assert compared_rows(params) == ["xx", "xy", "hybrid", "twice"]


def test_it_is_trained_with_the_shared_values_and_its_overrides():
    given = read_params(ROOT / "params.yaml")
    shared = train_params(given, "twice")
    changed = train_params(given | {"overrides": {"twice": {"temperature": 0.1}}}, "twice")
    assert shared == train_params(given, "xx")
    assert (changed.temperature, changed.learning_rate) == (0.1, shared.learning_rate)
