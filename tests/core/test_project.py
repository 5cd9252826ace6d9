"""The top level of params.yaml."""

import copy
from pathlib import Path

import pytest

from hbir.core.errors import ParamsError
from hbir.core.params import read_params
from hbir.core.project import read_project, subset, training_languages
from hbir.core.rows import compared_rows

PARAMS = read_params(Path(__file__).parents[2] / "params.yaml")


def changed(**values):
    return {**copy.deepcopy(PARAMS), **values}


def test_the_committed_params_are_valid():
    project = read_project(PARAMS)
    assert compared_rows(PARAMS) == ["xx", "xy", "hybrid"]
    assert training_languages(PARAMS) == project.languages


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sampler": "mixed"}, "sampler: expected one of hybrid, xx, xy, found 'mixed'"),
        (
            {"sampler": "bogus"},
            "params.yaml: sampler: expected one of hybrid, xx, xy, found 'bogus'",
        ),
        ({"languages": ["en", "en"]}, "languages without repetition"),
        ({"languages": []}, "languages"),
        ({"samplers": ["xx", "xx"]}, "samplers without repetition"),
        ({"rivals": ["initail"]}, "rivals: expected one of initial, found 'initail'. Did you mean 'initial'"),
        (
            {"rivals": ["merged"]},
            "rivals: expected a name of rivals, found 'merged'. Set `merged: .0.5.`, which",
        ),
        ({"rivals": ["bm25"]}, "found 'bm25'. Name it in `floors`"),
        (
            {"samplers": ["mixed"]},
            "samplers: expected a name of samplers, found 'mixed'. Name it in `baselines`",
        ),
        ({"floors": ["bm52"]}, "floors: expected one of bm25, random, found 'bm52'. Did you mean 'bm25'"),
        ({"floors": ["bm25", "bm25"]}, "floors without repetition"),
        ({"merged": [0.5, 2]}, "merged.*less than or equal to 1"),
        ({"merged": ["half"]}, "merged"),
        ({"merged": [1, 1.0]}, "merged without repetition"),
        ({"evaluate": {"adjustments": ["centered"]}}, "evaluate.adjustments: .*Did you mean 'centred'"),
        ({"evaluate": {"adjustments": ["lir", "lir"]}}, "evaluate.adjustments: expected each one once"),
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
    assert read_project(changed(baselines=["mixed"], sampler="mixed")).sampler == "mixed"


def test_a_rival_can_be_the_headline():
    assert read_project(changed(merged=[0.25], sampler="merged-0.25")).merged == [0.25]


def test_a_share_is_named_as_it_is_written():
    """DVC does so, too."""
    params = changed(merged=[0, 0.5, 1.0])
    assert read_project(params).merged == [0, 0.5, 1]
    assert compared_rows(params)[3:] == ["merged-0", "merged-0.5", "merged-1.0"]


def test_a_subset_keeps_the_order_of_languages():
    project = read_project(PARAMS)
    assert subset(project, ["zh", "ar"], "here") == ["ar", "zh"]


@pytest.mark.parametrize(
    ("chosen", "message"), [(["xx"], "found 'xx'"), ([], "at least one"), ("some", "array")]
)
def test_a_wrong_subset_is_named(chosen, message):
    with pytest.raises(ParamsError, match=message):
        subset(read_project(PARAMS), chosen, "here")
