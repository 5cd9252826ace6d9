"""What is handed to `dvc exp run --set-param` changes params.yaml to exactly what the plan says."""

import copy
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hbir.core.params import read_params
from hbir.inputs.study import merge, read_study
from hbir.studies.settings import literal, same, settings
from tests.studies.repository import write_yaml

ROOT = Path(__file__).parents[2]
NUMBERS = (
    st.integers(-99, 10**6)
    | st.sampled_from([1e-5, 3e-5, 2.5e-6])
    | st.floats(-1e6, 1e6, width=32).map(lambda v: round(v, 4) + 0.0)
)
"""As params have them; of numbers such as 4.843425170771149e+16 DVC's own writer loses the last digit."""
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="$\u2028\u2029\ufeff"),
    max_size=12,
)
KEYS = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True).filter(
    lambda k: k not in ("true", "false", "null", "nan", "inf")
)
PLAIN = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=6,
)


@given(before=PLAIN, after=VALUES)
@hypothesis_settings(max_examples=150)
def test_dvc_reads_every_value_as_it_was_meant(
    tmp_path_factory: pytest.TempPathFactory, before: Any, after: Any
):
    path = tmp_path_factory.mktemp("params") / "params.yaml"
    base, wanted = {"a": {"b": before}, "c": 1}, {"a": {"b": after}, "c": 1}
    write_yaml(path, base)
    apply_overrides(path, settings(base, wanted))
    assert same(read_params(path), wanted)


def test_only_what_differs_is_set():
    base = {"a": {"b": 1, "c": [1, 2]}, "d": {}, "e": None}
    wanted = {"a": {"b": 1.0, "c": [1, 3]}, "d": {"es": "apertium"}, "e": None}
    assert settings(base, wanted) == ["a.c=[1,3]", "++d.es='apertium'"]


def test_a_schedule_is_written_as_on_a_command_line():
    assert literal([[0.5, 1.0], [1.0, 0.0]]) == "[[0.5,1.0],[1.0,0.0]]"


@pytest.mark.parametrize("name", ["documents", "apertium", "paper"])
def test_a_whole_study_reaches_params_yaml(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    base = read_params()
    wanted = copy.deepcopy(base)
    merge(wanted, read_study(name))
    path = tmp_path / "params.yaml"
    path.write_bytes(Path("params.yaml").read_bytes())
    apply_overrides(path, settings(base, wanted))
    assert same(read_params(path), wanted)


def test_one_and_true_differ_and_one_and_one_point_nought_do_not():
    assert same({"a": [1, {"b": 2}]}, {"a": [1.0, {"b": 2.0}]})
    assert not same([1], [True])
    assert not same({"a": None}, {})
    assert not same([1], [1, 2])
