"""Count what was refused, and say so at the end."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.harness import REFUSED, make_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Be in a project with the real params.yaml."""
    make_project(tmp_path / "project", monkeypatch)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Write down what a test of this folder saw refused; a process of the tests hands it on."""
    REFUSED.clear()
    yield
    item.user_properties.extend(("refused", seconds) for seconds in REFUSED)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many bad inputs were refused, of all processes of the tests together, and how slowly."""
    seconds = [
        (value, report.nodeid)
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if report.when == "call" and name == "refused"
    ]
    if seconds:
        terminalreporter.write_line(
            f"{len(seconds)} bad inputs refused: one line each, nothing written, nothing run; "
            f"the slowest in {max(seconds)[0]:.1f} s: {max(seconds)[1]}"
        )
