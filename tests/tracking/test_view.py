"""The view that the UI opens on: what it holds, that it is saved once, and what happens where it is refused."""

import base64
import json
import logging
import zlib
from typing import Any

import pytest
from mlflow.exceptions import MlflowException

from hbir.tracking import view
from hbir.tracking.params import TrackingParams
from hbir.tracking.runs import Origin
from hbir.tracking.store import Store
from hbir.tracking.sync import synchronise
from hbir.tracking.ui import comparison_link
from hbir.tracking.view import TAG, prepare_view
from hbir.tracking.view_layout import MOST, differing, view_state
from tests.tracking.look import build


@pytest.fixture
def filled(store: Store, params: TrackingParams) -> Store:
    results = build(store.root / "scores")
    synchronise(results, store, store.root, params, Origin(is_workspace=True))
    return store


def tags(store: Store) -> dict[str, str]:
    return dict(store.client.get_experiment(store.experiment_id).tags)


def saved(store: Store, key: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(tags(store)[TAG + key])
    return found


def unpacked(envelope: dict[str, Any]) -> dict[str, Any]:
    """Read a state as MLflow's UI does."""
    kind, _, text = envelope["state"].partition(";")
    assert kind == "deflate"
    state: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(text)))
    return state


def test_it_shows_what_differs_and_the_main_measures(filled: Store):
    state = view_state(filled.search(filled.compared), filled.compared)
    assert state["selectedColumns"] == [
        "params.`sampler`",
        "params.`alpha`",
        "metrics.`1 main/cross-lingual mAP cldr`",
        "metrics.`1 main/monolingual mAP cldr`",
        "metrics.`1 main/multilingual mAP cldr`",
        "metrics.`1 main/rank distance cldr`",
    ]
    sections = state["compareRunSections"]
    shown = [section["name"] for section in sections if section["display"]]
    assert shown == ["What differs", "1 main"]
    folded = [section["name"] for section in sections if not section["display"]]
    assert folded[:2] == ["train", "validation"]
    assert {"cldr/multilingual", "variants/cldr/seen/multilingual"} <= set(folded)
    assert folded[-1] == "System metrics"
    assert len({section["uuid"] for section in sections}) == len(sections)


def test_its_chart_stands_in_its_section(filled: Store):
    state = view_state(filled.search(filled.compared), filled.compared)
    [chart] = state["compareRunCharts"]
    assert chart["type"] == "DIFFERENCE"
    assert chart["metricSectionId"] == state["compareRunSections"][0]["uuid"]


def test_a_store_without_runs_has_a_view(store: Store):
    state = view_state([], store.compared)
    assert differing([]) == ["sampler"]
    assert [section["name"] for section in state["compareRunSections"]][:2] == ["What differs", "1 main"]


def test_there_are_not_too_many_columns(store: Store, params: TrackingParams):
    benchmarks = [f"benchmark {number}" for number in range(5)]
    results = build(store.root / "scores", ["xx"], benchmarks=benchmarks)
    synchronise(results, store, store.root, params, Origin(is_workspace=True))
    assert len(view_state(store.search(), "")["selectedColumns"]) == 1 + MOST


def test_it_is_saved_once_as_the_ui_saves_views(filled: Store):
    key = prepare_view(filled)
    first = saved(filled, key)
    assert first["name"] == "hbir: a project"
    assert first["createdAt"] == first["updatedAt"]
    assert unpacked(first) == view_state(filled.search(filled.compared), filled.compared)
    assert tags(filled)["mlflow.experimentKind"] == "custom_model_development"
    assert prepare_view(filled) == key
    assert saved(filled, key) == first


def test_it_follows_the_runs(filled: Store, params: TrackingParams):
    first = saved(filled, prepare_view(filled))
    results = build(filled.root / "scores", benchmarks=("cldr", "other"))
    synchronise(results, filled, filled.root, params, Origin(is_workspace=True))
    again = saved(filled, prepare_view(filled))
    assert "metrics.`1 main/multilingual mAP other`" in unpacked(again)["selectedColumns"]
    assert again["state"] != first["state"]


def test_a_view_that_somebody_saved_anew_is_theirs(filled: Store):
    key = prepare_view(filled)
    theirs = json.dumps(saved(filled, key) | {"state": "{}", "updatedAt": 2_000_000_000_000})
    filled.client.set_experiment_tag(filled.experiment_id, TAG + key, theirs)
    assert prepare_view(filled) == key
    assert tags(filled)[TAG + key] == theirs


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", '{"name": 1}'])
def test_what_is_no_view_is_replaced(filled: Store, text: str):
    key = prepare_view(filled)
    filled.client.set_experiment_tag(filled.experiment_id, TAG + key, text)
    prepare_view(filled)
    assert unpacked(saved(filled, key))["searchFilter"] == filled.compared


def test_an_experiment_keeps_the_kind_that_somebody_gave_it(filled: Store):
    filled.client.set_experiment_tag(filled.experiment_id, "mlflow.experimentKind", "genai_development")
    prepare_view(filled)
    assert tags(filled)["mlflow.experimentKind"] == "genai_development"


def test_the_link_names_the_view_or_says_what_it_can(filled: Store):
    link = comparison_link(filled, 5000, prepare_view(filled))
    assert "viewStateShareKey=hbir-comparison-" in link
    assert "searchFilter" not in link  # the UI would not look at the view
    assert "compareRunsMode=CHART" in link


def test_an_older_ui_gets_the_plain_link(filled: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("mlflow.__version__", "3.14.1")
    assert prepare_view(filled) == ""
    assert not [name for name in tags(filled) if name.startswith(TAG)]


@pytest.mark.parametrize(("answer", "key"), [("3.15.0", True), ("3.9.2", False), ("", False), ("what", False)])
def test_a_server_is_asked_for_its_version(
    filled: Store, monkeypatch: pytest.MonkeyPatch, answer: str, key: bool
):
    monkeypatch.setattr(view, "server_version", lambda uri: answer)
    filled.uri = "https://mlflow.example.org"
    assert bool(prepare_view(filled)) is key


def test_a_store_that_refuses_the_tag_gets_the_plain_link(
    filled: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def refuse(*_: object) -> None:
        raise MlflowException("PERMISSION_DENIED: no tags here")

    monkeypatch.setattr(filled.client, "set_experiment_tag", refuse)
    with caplog.at_level(logging.WARNING, "hbir"):
        assert prepare_view(filled) == ""
    assert "MLflow keeps no view (PERMISSION_DENIED: no tags here)" in caplog.text
