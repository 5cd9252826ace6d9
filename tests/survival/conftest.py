"""Give what is broken, and count what survived, to say so at the end."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.pipeline.project import Clone, make_clone
from tests.survival.clones import EXPERIMENTS, copied, made, tracked

PROCESSES = ("test_ranks.py", "test_launched.py", "test_shared_scoring.py", "test_shared_search.py")
"""Tests that compare results over numbers of processes; `make test-faults` runs them too."""


@dataclass(frozen=True)
class Expected:
    """Hold what experiments make when nothing disturbs them."""

    outputs: dict[str, dict[str, str]]
    """Name of the experiment → path → digest."""
    runs: list[dict[str, Any]]
    """In MLflow."""


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Give a clone that has its results; tests work on copies."""
    clone = make_clone(tmp_path_factory.mktemp("warm") / "hbir")
    clone.dvc("repro")
    clone.commit("results")
    return clone


@pytest.fixture(scope="session")
def one_by_one(warm: Clone, tmp_path_factory: pytest.TempPathFactory) -> Expected:
    """Run the experiments one after the other."""
    clone = copied(warm, tmp_path_factory.mktemp("one-by-one"))
    for name, option in EXPERIMENTS.items():
        clone.dvc("exp", "run", "--temp", "--name", name, "-S", option)
    return Expected({name: made(clone, name) for name in EXPERIMENTS}, tracked(clone))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many broken runs ended as if nothing had been, of all processes of the tests together."""
    reports = [
        report
        for kind in ("passed", "failed")
        for report in terminalreporter.stats.get(kind, [])
        if report.when == "call" and "tests/survival/" in report.nodeid
    ]
    survived, faults = (_sum(reports, name) for name in ("survived", "faults"))
    failed = sum(report.outcome == "failed" for report in reports)
    if survived or faults:
        terminalreporter.write_line(
            f"{survived} broken runs survived, each with the bytes of an unbroken one; "
            f"{faults} faults, {failed} tests failed"
        )
    if starved := _sum(reports, "starved"):
        terminalreporter.write_line(
            f"{starved} runs with little memory, or on a full or read-only disk: done, or refused in one line"
        )
    compared = sum(
        report.when == "call" and report.nodeid.partition("::")[0].endswith(PROCESSES)
        for report in terminalreporter.stats.get("passed", [])
    )
    if compared:
        terminalreporter.write_line(f"{compared} comparisons over numbers of processes: equal")


def _sum(reports: list[Any], name: str) -> int:
    return sum(value for report in reports for key, value in report.user_properties if key == name)
