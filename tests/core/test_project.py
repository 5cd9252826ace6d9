"""The top level of params.yaml."""

import copy
from pathlib import Path

import pytest

from hbir.core.errors import ParamsError
from hbir.core.params import read_params
from hbir.core.project import read_project, subset, training_languages

PARAMS = read_params(Path(__file__).parents[2] / "params.yaml")


def changed(**values):
    return {**copy.deepcopy(PARAMS), **values}


def test_the_committed_params_are_valid():
    project = read_project(PARAMS)
    assert project.compared == ["xx", "xy", "hybrid"]
    assert training_languages(PARAMS) == project.languages


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sampler": "mixed"}, "sampler: expected one of hybrid, xx, xy, found 'mixed'"),
        (
            {"sampler": "bogus"},
            "params.yaml: sampler: expected one of english, hybrid, .*found 'bogus'",
        ),
        ({"languages": ["en", "en"]}, "languages without repetition"),
        ({"languages": []}, "languages"),
        ({"samplers": ["xx", "xx"]}, "samplers without repetition"),
        ({"evalaute": {}}, "found 'evalaute'. Did you mean 'evaluate'"),
    ],
)
def test_a_wrong_top_level_is_named(values, message):
    with pytest.raises(ParamsError, match=message):
        read_project(changed(**values))


def test_a_missing_section_is_named():
    params = changed()
    del params["train"]
    with pytest.raises(ParamsError, match="the section 'train'"):
        read_project(params)


def test_a_baseline_can_be_the_headline():
    assert read_project(changed(baselines=["mixed"], sampler="mixed")).compared[-1] == "mixed"


def test_a_subset_keeps_the_order_of_languages():
    project = read_project(PARAMS)
    assert subset(project, ["zh", "ar"], "here") == ["ar", "zh"]


@pytest.mark.parametrize(
    ("chosen", "message"), [(["xx"], "found 'xx'"), ([], "at least one"), ("some", "array")]
)
def test_a_wrong_subset_is_named(chosen, message):
    with pytest.raises(ParamsError, match=message):
        subset(read_project(PARAMS), chosen, "here")
