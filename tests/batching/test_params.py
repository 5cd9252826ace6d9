import pytest

from hbir.batching.params import BatchParams, HybridParams
from hbir.core.errors import ParamsError
from hbir.core.params import section

GOOD = {"languages": "all", "size": 64, "steps": 1200, "size_exponent": 0.5, "hybrid": {"alpha": 0.5}}


def read(**changes):
    return section({"batches": {**GOOD, **changes}}, "batches", BatchParams)


@pytest.mark.parametrize("alpha", [0, 1, 0.0, 0.5, 1.0, [[1.0, 0.5]], [[0.5, 1], [1, 0]]])
def test_alpha_may_be_a_share_or_a_schedule(alpha):
    assert read(hybrid={"alpha": alpha}).hybrid.alpha == alpha


@pytest.mark.parametrize(
    "alpha",
    [
        -0.1,
        1.5,
        True,
        "0.5",
        None,
        float("nan"),
        [],
        [0.5, 1.0],
        [[0.5, 1.0]],
        [[0.5, 1.0], [0.5, 0.0], [1.0, 0.0]],
        [[0.6, 1.0], [0.5, 0.0], [1.0, 0.0]],
        [[0.0, 1.0], [1.0, 0.0]],
        [[0.5, 1.5], [1.0, 0.0]],
        [[0.5, 1.0], [1.1, 0.0]],
        [[1.0, 0.0, 0.0]],
    ],
)
def test_other_alpha_is_an_error_that_names_the_key(alpha):
    with pytest.raises(ParamsError, match=r"params.yaml: batches.hybrid.alpha: expected a number in \[0, 1\]"):
        read(hybrid={"alpha": alpha})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("size", 1),
        ("size", 64.0),
        ("steps", 0),
        ("size_exponent", 1.1),
        ("size_exponent", -0.1),
        ("languages", "de"),
        ("languages", []),
        ("languages", ["de", "de"]),
        ("languages", [1]),
    ],
)
def test_value_out_of_range_is_an_error_that_names_the_key(key, value):
    with pytest.raises(ParamsError, match=f"params.yaml: batches.{key}: expected"):
        read(**{key: value})


def test_unknown_key_is_an_error_with_the_nearest_name():
    with pytest.raises(ParamsError, match="Did you mean 'size'"):
        read(sizes=3)


def test_alpha_at_reads_a_segment_until_its_end():
    hybrid = HybridParams(alpha=[[0.5, 1.0], [0.7, 0.25], [1.0, 0.0]])
    at = [hybrid.alpha_at(progress) for progress in (0.0, 0.49, 0.5, 0.69, 7 / 10, 0.99)]
    assert at == [1.0, 1.0, 0.25, 0.25, 0.0, 0.0]
