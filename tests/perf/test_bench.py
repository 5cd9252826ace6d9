"""The bench: measures in turn, ratios have the right sense, a partial run replaces its own figures alone."""

import json
import re

import click
import numpy as np
import pytest

from perf.bench import all_comparisons, run
from perf.child import peak_memory
from perf.compare import Comparison, Goal, measure
from perf.machine import Origin, cores, origin
from perf.results import measured, merged, put_table, skipped, table

HERE = Origin(machine="a CPU, 2 cores, 8 GB", versions="Python 3.11", commit="abc", date="2026-01-02")
PAGE = "before\n\n<!-- bench -->\nold\n<!-- /bench -->\n\nafter\n"


def fake(name="fake", ours=(1.0,), peer=(2.0,), calls=None, **changes):
    """Return a comparison whose measures give the values of two lists and note their calls."""
    left = {"ours": list(ours), "peer": list(peer)}

    def next_of(side):
        if calls is not None:
            calls.append(side)
        return left[side].pop(0)

    settings = {"unit": "s", "goal": None, "repeats": len(ours), "expected_s": 90.0} | changes
    return Comparison(
        name=name,
        peer="another",
        measure_ours=lambda: next_of("ours"),
        measure_peer=lambda: next_of("peer"),
        **settings,
    )


def entry(name, **changes):
    return measured(measure(fake(name, **changes)), HERE, 3.0)


@pytest.mark.parametrize(
    ("unit", "goal", "higher", "ratio"),
    [
        ("s", Goal.at_least(1.5), None, 2.0),
        ("s", Goal.at_most(2.0), None, 0.5),
        ("MB", None, None, 2.0),
        ("pairs/s", Goal.at_least(1.5), None, 0.5),
        ("pairs/s", None, None, 0.5),
        ("% of the peak", Goal.at_least(1.5), True, 0.5),
        ("% lost", Goal.at_least(1.5), False, 2.0),
    ],
)
def test_the_ratio_says_how_many_times_better_or_how_many_times_the_peer(unit, goal, higher, ratio):
    comparison = fake(unit=unit, goal=goal, higher_is_better=higher)
    assert comparison.ratio(ours=1.0, peer=2.0) == ratio


@pytest.mark.parametrize(
    ("goal", "below", "at", "above"),
    [(Goal.at_least(1.6), False, True, True), (Goal.at_most(1.6), True, True, False)],
)
def test_a_goal_is_reached_on_its_side(goal, below, at, above):
    assert [goal.reached(ratio) for ratio in (1.5, 1.6, 1.7)] == [below, at, above]
    assert str(goal) in ("≥ 1.6", "≤ 1.6")


def test_ours_and_the_peer_take_turns_and_a_warm_up_does_not_count():
    calls: list[str] = []
    comparison = fake(ours=(100, 1, 2, 4), peer=(100, 8, 2, 2), calls=calls, repeats=3, warm_up=True)
    rounds = measure(comparison)
    assert calls == ["ours", "peer"] * 4
    assert (rounds.ours, rounds.peer) == ([1, 2, 4], [8, 2, 2])
    assert rounds.ratios == [8.0, 1.0, 0.5]
    assert rounds.reached is None


def test_an_entry_holds_medians_and_the_ratios_of_the_rounds():
    found = entry("one", ours=(1.0, 2.0, 4.0), peer=(8.0, 2.0, 2.0), goal=Goal.at_least(1.0), note="small")
    assert found == {
        "name": "one",
        "ours": 2.0,
        "peer": 2.0,
        "unit": "s",
        "ratio": {"median": 1.0, "min": 0.5, "max": 8.0},
        "goal": "≥ 1",
        "reached": True,
        "peer_name": "another",
        "note": "small",
        "rounds": 3,
        "seconds": 3.0,
        "machine": HERE.machine,
        "versions": HERE.versions,
        "commit": "abc",
        "date": "2026-01-02",
    }


def test_a_new_entry_replaces_its_own_and_order_and_names_are_those_of_the_code():
    before = [entry("gone"), entry("b"), entry("a", ours=(5.0,))]
    result = merged(before, entry("a", ours=(7.0,)), ["a", "b", "not yet"])
    assert [(each["name"], each["ours"]) for each in result] == [("a", 7.0), ("b", 1.0)]


def test_what_cannot_run_here_replaces_no_figures():
    without = skipped(fake("a", skip="no such CPU"), HERE)
    assert merged([entry("a")], without, ["a"])[0]["ours"] == 1.0
    assert merged([], without, ["a"]) == [without]
    assert merged([without], entry("a"), ["a"])[0]["ours"] == 1.0


def test_the_table_groups_what_was_measured_together():
    entries = [
        entry("memory", ours=(1234.5,), peer=(10.0,), unit="MB", goal=Goal.at_most(2.0)),
        entry("rate", unit="pairs/s"),
        entry("later") | {"commit": "def", "date": "2026-01-03"},
        skipped(fake("not here", skip="needs a GPU", goal=Goal.at_least(3)), HERE),
    ]
    shown = table(entries)
    assert max(len(line) for line in shown.splitlines() if line[:1] != "|") <= 100
    assert re.findall(
        r"Measured on (\S+) at commit (\S+): a CPU, 2 cores, 8 GB; Python 3.11\.", shown.replace("\n", " ")
    ) == [
        ("2026-01-02", "abc"),
        ("2026-01-03", "def"),
    ]
    assert "| memory, against another | 1,234 MB | 10 MB | 123 (123 to 123) | ≤ 2 | **no** |" in shown
    assert "| rate, against another | 1 pairs/s | 2 pairs/s | 0.5 (0.5 to 0.5) | none |  |" in shown
    assert "| not here, against another | | | not measured: needs a GPU | ≥ 3 | |" in shown
    assert shown.index("not here") < shown.index("2026-01-03") < shown.index("later")


def test_the_table_replaces_what_stands_between_the_marks_alone():
    page = put_table(PAGE, [entry("new")], "page.md")
    assert page.startswith("before\n\n<!-- bench -->\n\nMeasured on")
    assert page.endswith("\n\n<!-- /bench -->\n\nafter\n")
    assert "old" not in page
    assert put_table(page, [entry("new")], "page.md") == page
    for broken in ("nothing", "<!-- bench --> alone"):
        with pytest.raises(click.ClickException, match="page.md: expected <!-- bench -->"):
            put_table(broken, [], "page.md")


def test_a_run_says_how_long_it_takes_skips_and_keeps_what_it_does_not_run(tmp_path, capsys):
    results, page = tmp_path / "results.json", tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    comparisons = [fake("slow one"), fake("fast one"), fake("elsewhere", skip="no GPU")]
    run(comparisons, (), results, page)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("1/3, about 3 min left: slow one: 1 s, another 2 s; ratio 2 (2 to 2)")
    assert lines[2].startswith("2/3, about 90 s left: fast one: ")
    assert lines[3] == "3/3, about 0 s left: elsewhere: not measured: no GPU"
    again = [fake("slow one", ours=(9.0,)), fake("fast one", ours=(4.0,)), comparisons[2]]
    run(again, ("fast",), results, page)
    assert capsys.readouterr().out.splitlines()[1].startswith("1/1, about 0 s left: fast one")
    kept = {each["name"]: each["ours"] for each in json.loads(results.read_text(encoding="utf-8"))}
    assert kept == {"slow one": 1.0, "fast one": 4.0, "elsewhere": None}
    assert "| fast one, against another | 4 s |" in page.read_text(encoding="utf-8")


def test_what_is_measured_stays_when_a_later_comparison_fails(tmp_path):
    results, page = tmp_path / "results.json", tmp_path / "page.md"
    page.write_text(PAGE, encoding="utf-8")
    with pytest.raises(IndexError):
        run([fake("whole"), fake("broken", peer=())], (), results, page)
    assert [each["name"] for each in json.loads(results.read_text(encoding="utf-8"))] == ["whole"]


def test_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(click.UsageError, match="No comparison has other"):
        run([fake("one")], ("other",), tmp_path / "results.json", tmp_path / "page.md")


def test_names_of_all_comparisons_are_distinct():
    names = [comparison.name for comparison in all_comparisons()]
    assert len(set(names)) == len(names)


def held(size: int) -> int:
    """Hold an array of so many MB."""
    return int(np.ones(size * 1_000_000, np.uint8).sum())


def test_the_memory_of_a_child_is_neither_its_parents_nor_that_of_its_imports():
    ballast = np.ones(300_000_000, np.uint8)
    assert 95 < peak_memory(held, 100) < 130
    assert peak_memory(held, 1) < 30
    assert ballast.all()


def test_the_machine_is_described():
    found = origin()
    assert re.fullmatch(r".+, \d+ cores, \d+ GB", found.machine)
    assert found.versions.startswith("Python 3.")
    assert "numpy " in found.versions
    assert cores() >= 1
