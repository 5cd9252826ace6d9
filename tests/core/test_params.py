"""Params: every fault is named with its key, what was expected, what was found and what to do."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from hbir.core.errors import ParamsError
from hbir.core.params import params_class, read_params, section, unknown


@params_class
class Inner:
    alpha: Annotated[float, Field(ge=0, le=1)]


@params_class
class Outer:
    size: Annotated[int, Field(ge=2)]
    inner: Inner


GOOD = {"size": 4, "inner": {"alpha": 0.5}}


def test_a_section_becomes_its_dataclass():
    assert section({"outer": GOOD}, "outer", Outer) == Outer(size=4, inner=Inner(alpha=0.5))


def test_a_whole_number_serves_as_a_float():
    assert section({"outer": {"size": 4, "inner": {"alpha": 1}}}, "outer.inner", Inner).alpha == 1.0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {**GOOD, "inner": {"alpha": 2}},
            r"params.yaml: outer.inner.alpha: expected less than or equal to 1, found 2",
        ),
        (
            {**GOOD, "inner": {"alhpa": 1}},
            r"outer.inner: expected one of alpha, found 'alhpa'. Did you mean 'alpha'",
        ),
        ({"size": 4}, r"outer.inner: expected a value, found nothing. Add the key"),
        ({**GOOD, "size": "4"}, r"outer.size: expected a valid integer, found '4'"),
        ({**GOOD, "size": 1}, r"outer.size: expected greater than or equal to 2, found 1"),
        ({**GOOD, "size": True}, r"outer.size: expected a valid integer, found True"),
        ({**GOOD, "sise": 4}, r"outer: expected one of inner, size, found 'sise'. Did you mean 'size'"),
        (None, r"params.yaml: outer: expected an object, found None"),
    ],
)
def test_a_fault_names_key_expected_found_and_next_step(value, message):
    with pytest.raises(ParamsError, match=message):
        section({"outer": value}, "outer", Outer)


def test_a_missing_section_is_named():
    with pytest.raises(ParamsError, match=r"outer: expected one of inner, found 'outer'"):
        section({"inner": {}}, "outer", Outer)


def test_not_a_number_is_refused(tmp_path: Path):
    path = tmp_path / "params.yaml"
    path.write_text("inner: {alpha: .nan}\n")
    with pytest.raises(ParamsError, match="alpha"):
        section(read_params(path), "inner", Inner)


def test_yaml_is_1_2_so_exponents_are_numbers_and_no_is_a_language(tmp_path: Path):
    path = tmp_path / "params.yaml"
    path.write_text("rate: 1e-3\nlanguages: [no, en]\n")
    assert read_params(path) == {"rate": 0.001, "languages": ["no", "en"]}


@pytest.mark.parametrize(
    ("text", "expected"), [("a: [1", "YAML"), ("- 1\n", "keys and values"), ("a: 1\na: 2\n", "YAML")]
)
def test_a_broken_file_is_named(tmp_path: Path, text, expected):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ParamsError, match=f"params.yaml: expected {expected}"):
        read_params(path)


def test_a_missing_file_says_where_to_run(tmp_path: Path):
    with pytest.raises(ParamsError, match="found none. Run the command from the project's folder"):
        read_params(tmp_path / "params.yaml")


def test_unknown_without_a_near_name_offers_none():
    assert "Did you mean" not in str(unknown("here", "zzz", ["cldr"]))
