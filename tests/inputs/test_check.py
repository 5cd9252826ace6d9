"""params.yaml is checked as a whole before anything runs."""

import copy
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from hbir.core.errors import HbirError, ParamsError
from hbir.core.params import read_params
from hbir.inputs.check import check, warnings
from stages.inputs import inputs

ROOT = Path(__file__).parents[2]
PARAMS = read_params(ROOT / "params.yaml")
CSV = {"kind": "csv", "name": "faq", "path": "data/sources/faq.csv", "query": "q", "passage": "a"}


def changed(key: str, value: Any) -> dict[str, Any]:
    params = copy.deepcopy(PARAMS)
    *parents, last = key.split(".")
    part = params
    for name in parents:
        part = part[name]
    part[last] = value
    return params


def test_the_default_is_whole_and_without_a_warning():
    assert list(warnings(check(PARAMS))) == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("languages", ["en", "xx"], "params.yaml: languages"),
        ("sampler", "hybird", "found 'hybird'"),
        ("collect.sources", [{"kind": "cvs"}], "Did you mean 'csv'?"),
        ("collect.leak_guard", ["xquadr"], "collect.leak_guard: expected one of"),
        ("translate.engine", "apertum", "Did you mean 'apertium'?"),
        ("translate.languages", {"fr": "apertium"}, "translate.languages: expected one of"),
        ("batches.languages", ["en", "fr"], "batches.languages: expected one of"),
        ("batches.size", "64", "params.yaml: batches.size"),
        ("batches.languages", ["en"], "batches.languages: expected at least two languages, found en"),
        ("encoder.languages", ["fr"], "encoder.languages: expected one of"),
        ("encoder.tiny.heads", 3, "params.yaml: encoder.tiny"),
        ("train.decay", "lineer", "params.yaml: train.decay"),
        ("train.launcher", "torchrunn", "train.launcher: expected a command of this machine"),
        ("train.launcher", "", "params.yaml: train.launcher"),
        ("evaluate.launcher", "torchrunn", "evaluate.launcher: expected a command of this machine"),
        ("evaluate.cluster", {"address": "auto"}, "params.yaml: evaluate.cluster"),
        ("evaluate.cluster", {"address": "auto", "workers": 0}, "params.yaml: evaluate.cluster.workers"),
        ("train.validation.monolingual", ["fr"], "train.validation.monolingual: expected one of"),
        ("evaluate.benchmarks", ["xquadr"], "evaluate.benchmarks: expected one of"),
        ("evaluate.benchmarks", [{"nme": "cldr"}], "evaluate.benchmarks: expected a `name`"),
        ("evaluate.benchmarks", ["cldr", "cldr"], "expected every benchmark once"),
        ("tracking.model_size_limit", "big", "params.yaml: tracking.model_size_limit"),
        ("tracking.champion", "map", "params.yaml: tracking.champion"),
    ],
)
def test_a_fault_in_any_section_is_told_with_its_key(key: str, value: Any, told: str):
    with pytest.raises(HbirError) as caught:
        check(changed(key, value))
    assert told in str(caught.value)


def test_a_launcher_and_a_cluster_are_too_many():
    params = changed("evaluate.cluster", {"address": "auto", "workers": 2})
    check(params)
    params["evaluate"]["launcher"] = "torchrun --standalone"
    with pytest.raises(ParamsError, match=r"params.yaml: evaluate.*a launcher or a cluster, not both"):
        check(params)


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({}, True),
        ({"engine": {"name": "cldr"}}, True),
        ({"languages": {"es": "apertium"}}, False),
        ({"engine": "apertium"}, False),
    ],
)
def test_an_engine_that_cannot_have_plain_texts_is_warned_about(changes: dict[str, Any], warned: bool):
    params = changed("translate", {**PARAMS["translate"], **changes})
    params["languages"] = params["languages"] if warned else ["en", "es"]
    params["collect"]["sources"] = [CSV]
    expected = ["translate: engine cldr will refuse the texts of faq."] if warned else []
    assert list(warnings(check(params))) == expected


@pytest.mark.parametrize(
    ("size", "languages", "warned"), [(11, "all", 11), (12, "all", 0), (4, ["de", "en"], 0)]
)
def test_a_batch_that_one_query_fills_is_warned_about(size: int, languages: Any, warned: int):
    params = changed("batches", {**PARAMS["batches"], "size": size, "languages": languages})
    params["baselines"] = ["all_languages"]
    expected = (
        "batches.size: a query in 11 languages fills the 11 rows of a batch, and all_languages will refuse it."
    )
    assert list(warnings(check(params))) == [expected] * bool(warned)
    params["baselines"] = ["hybrid_rows"]
    assert list(warnings(check(params))) == []


def test_the_stage_writes_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    YAML().dump(changed("collect.sources", [CSV]), tmp_path / "params.yaml")
    faq = tmp_path / "data/sources/faq.csv"
    faq.parent.mkdir(parents=True)
    faq.write_text("q,a\n")
    with caplog.at_level(logging.WARNING):
        result = CliRunner().invoke(inputs, catch_exceptions=False)
    assert result.output == "inputs: params.yaml is whole; files and folders that it names: 1\n"
    assert "will refuse the texts of faq" in caplog.text
    assert list(json.loads((tmp_path / "data/inputs/collect.json").read_text())) == ["data/sources/faq.csv"]
