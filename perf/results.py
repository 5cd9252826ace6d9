"""Keep the figures of all comparisons in one file, and show them as a table in docs/performance.md."""

import json
from collections.abc import Collection, Sequence
from itertools import groupby
from pathlib import Path
from statistics import median
from textwrap import fill
from typing import Any

from perf.compare import Comparison, Rounds
from perf.machine import Origin
from perf.page import put_between

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
Entry = dict[str, Any]
"""One comparison in `perf/results.json`."""
_ORIGIN = tuple(Origin.__annotations__)


def measured(rounds: Rounds, origin: Origin, seconds: float) -> Entry:
    """Describe a comparison that was measured.

    Args:
        rounds: its values.
        origin: where they come from.
        seconds: that the whole took.

    Returns:
        Its entry.
    """
    ratios = rounds.ratios
    return _entry(rounds.comparison, origin) | {
        "ours": median(rounds.ours),
        "peer": median(rounds.peer),
        "ratio": {"median": median(ratios), "min": min(ratios), "max": max(ratios)},
        "reached": rounds.reached,
        "rounds": len(ratios),
        "seconds": round(seconds, 1),
    }


def skipped(comparison: Comparison, origin: Origin) -> Entry:
    """Describe a comparison that cannot run here.

    Args:
        comparison: with a reason.
        origin: of the machine.

    Returns:
        Its entry, without figures.
    """
    return _entry(comparison, origin) | {"skipped": comparison.skip}


def merged(before: Sequence[Entry], entry: Entry, names: Collection[str]) -> list[Entry]:
    """Put an entry in the place of the one of the same name; the others stay.

    One that is skipped here replaces no figures of a machine that could measure it.

    Args:
        before: the entries so far.
        entry: the new one.
        names: of all comparisons, in the order of the result; entries of other names go.

    Returns:
        All entries.
    """
    entries = {each["name"]: each for each in before}
    kept = entries.get(entry["name"])
    if not ("skipped" in entry and kept and "skipped" not in kept):
        entries[entry["name"]] = entry
    return [entries[name] for name in names if name in entries]


def read(path: Path) -> list[Entry]:
    """Read the entries.

    Args:
        path: of results.json; it may be absent.

    Returns:
        The entries.
    """
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def write(path: Path, entries: Sequence[Entry]) -> None:
    """Write the entries.

    Args:
        path: of results.json.
        entries: all of them.
    """
    path.write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(entries: Sequence[Entry]) -> str:
    """Show the entries, those of one run of the bench together.

    Args:
        entries: all of them.

    Returns:
        Markdown, with one table per machine, versions, commit and day.
    """
    parts = []
    for key, run in groupby(
        sorted(entries, key=lambda entry: [entry[name] for name in _ORIGIN]),
        key=lambda entry: [entry[name] for name in _ORIGIN],
    ):
        machine, versions, commit, date = key
        sentence = f"Measured on {date} at commit {commit}: {machine}; {versions}."
        head = fill(sentence, 100, break_on_hyphens=False)
        columns = "| what | ours | peer | ratio: median (smallest to largest) | goal | reached |"
        parts.append("\n".join([head, "", columns, "|---" * 6 + "|", *map(_row, run)]))
    return "\n\n".join(parts)


def put_table(page: str, entries: Sequence[Entry], where: str) -> str:
    """Put the table between the marks of a page.

    Args:
        page: its text.
        entries: all of them.
        where: names the page in an error.

    Returns:
        The page with the new table.

    Raises:
        ClickException: when the page lacks a mark.
    """
    return put_between(page, (BEGIN, END), table(entries), where)


def _entry(comparison: Comparison, origin: Origin) -> Entry:
    return {
        "name": comparison.name,
        "ours": None,
        "peer": None,
        "unit": comparison.unit,
        "ratio": None,
        "goal": str(comparison.goal) if comparison.goal else None,
        "reached": None,
        "peer_name": comparison.peer,
        "note": comparison.note,
    } | origin.as_dict()


def _row(entry: Entry) -> str:
    what = f"{entry['name']}, against {entry['peer_name']}" + (f" ({entry['note']})" if entry["note"] else "")
    goal = entry["goal"] or "none"
    if "skipped" in entry:
        return f"| {what} | | | not measured: {entry['skipped']} | {goal} | |"
    ratio, unit = entry["ratio"], entry["unit"]
    ratios = f"{_number(ratio['median'])} ({_number(ratio['min'])} to {_number(ratio['max'])})"
    reached = {True: "yes", False: "**no**", None: ""}[entry["reached"]]
    ours, peer = (f"{_number(entry[side])} {unit}" for side in ("ours", "peer"))
    return f"| {what} | {ours} | {peer} | {ratios} | {goal} | {reached} |"


def _number(value: float) -> str:
    """Show three digits, and all digits before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
