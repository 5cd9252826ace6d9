"""What `make test-faults` prints at the end counts what it says, and nothing by its name."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults import conftest, harness
from tests.survival import conftest as survival


def report(outcome: str = "passed", *marks: str, **properties: float) -> Any:
    return SimpleNamespace(
        when="call",
        outcome=outcome,
        nodeid="tests/faults/test_x.py::test_is_refused_by_its_name",
        keywords=dict.fromkeys(marks, 1),
        user_properties=list(properties.items()),
    )


def said(summary: Any, **stats: list[Any]) -> list[str]:
    lines: list[str] = []
    summary(SimpleNamespace(stats=stats, write_line=lines.append))
    return lines


def test_a_refusal_is_counted_where_it_was_seen_with_its_seconds():
    passed = [report(refused=0.5), report(refused=2.25), report()]
    [line] = said(conftest.pytest_terminal_summary, passed=passed, failed=[report("failed", refused=99.0)])
    assert line.startswith("2 bad inputs refused: ")
    assert line.endswith("the slowest in 2.2 s: tests/faults/test_x.py::test_is_refused_by_its_name")
    assert said(conftest.pytest_terminal_summary, passed=[report()]) == []


def test_what_ends_in_another_way_is_no_refusal():
    harness.REFUSED.clear()
    with pytest.raises(KeyError), harness.refused():
        raise KeyError
    assert harness.REFUSED == []
    with harness.refused():
        pass
    assert len(harness.REFUSED) == 1
    harness.REFUSED.clear()


def test_all_that_ran_is_looked_at():
    passed = [report(survived=3, faults=0), report("passed", "compares"), report()]
    failed = [report("failed", "compares", survived=1, faults=2)]
    lines = said(survival.pytest_terminal_summary, passed=passed, failed=failed, error=[report("failed")])
    assert lines[0].startswith("4 broken runs survived")
    assert lines[0].endswith("; 2 faults")
    assert lines[1] == "1 comparisons over numbers of processes: equal"
    assert lines[2] == "4 tests ran, of every folder; 2 failed"
    assert said(survival.pytest_terminal_summary, passed=[report()]) == []
