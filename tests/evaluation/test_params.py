import pytest

from hbir.core.errors import ParamsError
from hbir.core.params import section
from hbir.evaluation.params import EvaluateParams

GOOD = {"benchmarks": ["cldr"], "query_chunk": 256, "batch_size": 64, "embeddings": None}


def test_good_values_are_kept():
    params = section({"evaluate": GOOD}, "evaluate", EvaluateParams)
    assert (params.benchmarks, params.query_chunk, params.batch_size) == (["cldr"], 256, 64)


@pytest.mark.parametrize(
    "change", [{"query_chunk": 0}, {"benchmarks": []}, {"benchmarks": "cldr"}, {"chunk": 1}]
)
def test_bad_values_are_refused(change):
    with pytest.raises(ParamsError, match="evaluate"):
        section({"evaluate": {**GOOD, **change}}, "evaluate", EvaluateParams)
