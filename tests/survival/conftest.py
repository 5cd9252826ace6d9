"""Give what is broken, and count what survived, to say so at the end."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.pipeline.project import Clone, make_clone
from tests.survival.clones import EXPERIMENTS, copied, made, tracked


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
    stats = terminalreporter.stats
    ran = [report for kind in ("passed", "failed") for report in stats.get(kind, []) if report.when == "call"]
    failed = len(stats.get("failed", [])) + len(stats.get("error", []))
    survived, faults, starved = (_sum(ran, name) for name in ("survived", "faults", "starved"))
    if survived or faults:
        terminalreporter.write_line(
            f"{survived} broken runs survived, each with the bytes of an unbroken one; {faults} faults"
        )
    if starved:
        terminalreporter.write_line(
            f"{starved} runs with little memory, or on a full or read-only disk: done, or refused in one line"
        )
    if compared := sum("compares" in report.keywords for report in ran if report.outcome == "passed"):
        terminalreporter.write_line(f"{compared} comparisons over numbers of processes: equal")
    if survived or faults or starved or compared:
        terminalreporter.write_line(f"{len(ran)} tests ran, of every folder; {failed} failed")


def _sum(reports: list[Any], name: str) -> int:
    return sum(value for report in reports for key, value in report.user_properties if key == name)
