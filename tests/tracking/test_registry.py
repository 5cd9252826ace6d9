"""Registered models: a version per training, the champion's alias, and that doing it twice changes nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hbir.evaluation.results import SamplerResults
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from tests.reporting import builder
from tests.reporting.builder import settings
from tests.tracking.look import artifacts, build, runs

LOCK = """schema: '2.0'
stages:
  train:
    cmd: train
    outs:
    - {path: models/xx, hash: md5, md5: 0123456789abcdef0123456789abcdef.dir, size: 4}
    - {path: models/xy, hash: md5, md5: 0123456789abcdef0123456789abcdef.dir, size: 4}
"""


@pytest.fixture(autouse=True)
def lock(root: Path) -> None:
    """Let models be known to DVC, so that they are recorded by reference, which takes no time."""
    (root / "dvc.lock").write_text(LOCK)


def trained(root: Path, fingerprint: str, level: dict[str, Any] | None = None) -> list[SamplerResults]:
    """Score another training of xx; the level is that of a sampler of the builder."""
    changes = {"xx": level} if level else None
    [result] = build(root / "scores", ["xx"], changes=changes)
    return [replace(result, record=replace(builder.trained(result), fingerprint=fingerprint * 64))]


def sync(store: Store, results: list[SamplerResults], params: TrackingParams) -> list[str]:
    summary = synchronise(results, store, store.root, params, Origin(is_workspace=True))
    return [note for note in summary.notes if "hbir-" in note]


def versions(store: Store, sampler: str = "xx") -> dict[str, Any]:
    found = store.client.search_model_versions(f"name = 'hbir-{sampler}'")
    return {version.version: version for version in found}


def champion(store: Store) -> str:
    return str(store.client.get_model_version_by_alias("hbir-xx", "champion").version)


def judged(store: Store) -> list[str]:
    return [
        versions(store)[number].tags["hbir.champion"].split(": ", 1)[1] for number in sorted(versions(store))
    ]


def test_every_sampler_gets_a_model_that_says_how_to_load_it(store: Store, params: TrackingParams):
    said = sync(store, build(store.root / "scores", ["xx", "xy"]), params)
    assert said == [
        f"hbir-{sampler}: version 1 is the champion now (the first version; by cldr/multilingual/map)"
        for sampler in ("xx", "xy")
    ]
    model = store.client.get_registered_model("hbir-xx")
    assert "mlflow.sentence_transformers.load_model('models:/hbir-xx@champion')" in model.description
    assert "python -m hbir plan pairs xx" in model.description
    assert model.tags == {"hbir.sampler": "xx"}
    [version] = versions(store).values()
    assert "`dvc pull models/xx` gets it" in version.description
    assert version.run_id == runs(store)["xx"].info.run_id
    kept = {"scores/cldr/cells.csv", "scores/cldr/multilingual.parquet"}
    assert artifacts(store, runs(store)["xx"], "scores/cldr") == kept


def test_twice_is_once(store: Store, params: TrackingParams):
    results = build(store.root / "scores", ["xx"])
    assert len(sync(store, results, params)) == 1
    before = {number: (one.tags, one.last_updated_timestamp) for number, one in versions(store).items()}
    assert sync(store, results, params) == []
    assert {number: (one.tags, one.last_updated_timestamp) for number, one in versions(store).items()} == before


def test_a_better_training_takes_the_place_and_keeps_it(store: Store, params: TrackingParams):
    sync(store, trained(store.root, "a"), params)
    [said] = sync(store, trained(store.root, "b", settings("hybrid")), params)
    assert said.startswith("hbir-xx: version 2 is the champion now (better than version 1 (p < .001);")
    assert sync(store, trained(store.root, "a"), params) == []  # who was beaten stays so
    assert sync(store, trained(store.root, "c", settings("xx", 0.9)), params) == []
    assert champion(store) == "2"
    assert judged(store) == [
        "the first version",
        "better than version 1 (p < .001)",
        "worse than version 2 (p < .001)",
    ]


def test_scores_that_show_no_difference_move_nothing(store: Store, params: TrackingParams):
    sync(store, trained(store.root, "a"), params)
    assert sync(store, trained(store.root, "b"), params) == []
    assert champion(store) == "1"
    assert judged(store)[1] == "no difference shown beside version 1 (p 1.000)"


def test_new_scores_of_the_champion_are_what_others_are_compared_with(store: Store, params: TrackingParams):
    sync(store, trained(store.root, "a"), params)
    sync(store, trained(store.root, "a", settings("hybrid")), params)
    assert judged(store) == ["the champion already"]
    assert sync(store, trained(store.root, "b", settings("xy")), params) == []
    assert judged(store)[1] == "worse than version 1 (p < .001)"


def test_another_metric_judges_anew(store: Store, params: TrackingParams):
    """hybrid has the higher multilingual mAP, and the lower monolingual one."""
    sync(store, trained(store.root, "a"), params)
    sync(store, trained(store.root, "b", settings("hybrid")), params)
    assert champion(store) == "2"
    other = replace(params, champion="cldr/monolingual/map")
    for fingerprint, level in (("b", settings("hybrid")), ("a", None)):
        sync(store, trained(store.root, fingerprint, level), other)
    assert champion(store) == "1"


def test_a_metric_that_nothing_was_scored_by_is_told_once(store: Store, params: TrackingParams):
    other = replace(params, champion="miracl/monolingual/ndcg@10")
    results = build(store.root / "scores", ["xx"])
    [said] = sync(store, results, other)
    assert (
        said == "hbir-xx: version 1 is not compared: it has no scores per query for miracl/monolingual/ndcg@10"
    )
    assert sync(store, results, other) == []
    assert store.client.get_registered_model("hbir-xx").aliases == {}
    assert len(sync(store, results, params)) == 1
    assert champion(store) == "1"


def test_null_registers_nothing(store: Store, params: TrackingParams):
    assert sync(store, build(store.root / "scores", ["xx"]), replace(params, champion=None)) == []
    assert store.client.search_registered_models() == []


def test_what_is_not_recorded_is_not_registered(store: Store, params: TrackingParams):
    (store.root / "dvc.lock").unlink()
    sync(store, build(store.root / "scores", ["xx"]), params)
    assert store.client.search_registered_models() == []


def test_the_scores_of_a_champion_may_be_lost(store: Store, params: TrackingParams):
    sync(store, trained(store.root, "a"), params)
    for path in (store.root / "mlartifacts").rglob("multilingual.parquet"):
        path.unlink()
    assert sync(store, trained(store.root, "b", settings("hybrid")), params) == []
    assert champion(store) == "1"
    assert judged(store)[1].startswith("not compared: version 1 has no scores per query")
