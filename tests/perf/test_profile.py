"""A profile gives every operation's own time to one part."""

from itertools import chain
from types import SimpleNamespace

import pytest

from perf.profile import PARTS, seconds


def test_parts_and_the_rest_add_up_to_a_step():
    times = {"aten::mm": 4e6, "mkldnn::_linear_pointwise": 2e6, "aten::gelu": 1e6, "aten::add": 3e6}
    events = [SimpleNamespace(key=key, self_cpu_time_total=time) for key, time in times.items()]
    found = seconds(events, 2)  # type: ignore[arg-type]
    assert found["matrix products"] == pytest.approx(3)
    assert found["GELU"] == pytest.approx(0.5)
    assert found["everything else"] == pytest.approx(1.5)
    assert sum(found.values()) == pytest.approx(5)


def test_no_operation_is_in_two_parts():
    names = list(chain(*PARTS.values()))
    assert len(names) == len(set(names))
