"""Count what survived, and say so at the end."""

from typing import Any

PROCESSES = ("test_ranks.py", "test_launched.py", "test_shared_scoring.py", "test_shared_search.py")
"""Tests that compare results over numbers of processes; `make test-faults` runs them too."""


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
    compared = sum(
        report.when == "call" and report.nodeid.partition("::")[0].endswith(PROCESSES)
        for report in terminalreporter.stats.get("passed", [])
    )
    if compared:
        terminalreporter.write_line(f"{compared} comparisons over numbers of processes: equal")


def _sum(reports: list[Any], name: str) -> int:
    return sum(value for report in reports for key, value in report.user_properties if key == name)
