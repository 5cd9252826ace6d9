"""YAML is read in one way everywhere, and all that is wrong with it is one kind of error."""

import pytest
from ruamel.yaml import YAMLError

from hbir.core.errors import ParamsError
from hbir.core.yaml_text import parsed
from hbir.studies.plan import _change


def test_numbers_and_languages_are_those_of_yaml_1_2():
    assert parsed("{rate: 1e-3, lang: no}") == {"rate": 0.001, "lang": "no"}


@pytest.mark.parametrize("text", ["a: [", "2024-13-45", "[" * 5000, "- &a 1\n- &a 2", "!!python/name:os.exit"])
def test_whatever_is_wrong_is_one_kind_of_error(text: str):
    with pytest.raises(YAMLError):
        parsed(text)


def test_a_day_that_is_none_is_refused_where_params_are_changed():
    with pytest.raises(ParamsError, match="expected key=value"):
        _change("batches.steps=2024-13-45")
