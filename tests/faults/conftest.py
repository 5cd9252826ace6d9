"""Count what was refused, and say so at the end."""

import pytest

from tests.faults.harness import make_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Be in a project with the real params.yaml."""
    make_project(tmp_path / "project", monkeypatch)


def pytest_terminal_summary(terminalreporter):
    """Say how many bad inputs were refused, of all processes of the tests together."""
    passed = terminalreporter.stats.get("passed", [])
    names = [report.nodeid for report in passed if report.when == "call"]
    count = sum("tests/faults/" in name and "refused" in name for name in names)
    if count:
        terminalreporter.write_line(f"{count} bad inputs refused: one line each, nothing written, nothing run")
