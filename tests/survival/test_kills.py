"""Whatever breaks a stage, and wherever: it says so, and the next run ends as if nothing had been."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from tests.pipeline.project import Clone, make_clone
from tests.survival.broken import STAGES, Broken, broken, count, places, plain, restore, tree

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
TIMES = 6
"""How often each stage is broken."""
STOPPED = {"interrupt": 130, "terminate": 143}
"""Exit codes; 0 where the signal came behind the last change."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    made = make_clone(tmp_path_factory.mktemp("kills") / "hbir")
    made.configure(merged=[0.5])
    return made


def faults_of(one: Broken) -> list[str]:
    """Say what was wrong with how a broken command ended. Without MLflow, `evaluate` only warns."""
    code, said = one.result.returncode, one.result.stderr
    if not one.event:
        return [] if code == 0 else [f"it ended with {code}, and was never broken: {said}"]
    wrong = []
    if one.fault == "full disk":
        plainly = "Traceback" not in said and "space" in said
        wrong += [] if plainly and (code == 1 or one.stage == "evaluate") else ["no plain error"]
    if one.fault in STOPPED:
        wrong += [] if code in (0, STOPPED[one.fault]) else [f"ended with {code}"]
        wrong += [] if not code or "topped" in said.splitlines()[-1] else ["it does not say so"]
        wrong += [] if "Traceback" not in said and "Aborted" not in said else ["more than one line"]
    return [f"{each}: {said}" for each in wrong]


def test_every_stage_survives_every_fault(
    clone: Clone, capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
):
    survived, wrong = [], []
    for stage in STAGES:
        before = tree(clone.root)
        changes = count(clone, stage)
        after = tree(clone.root)
        assert after != before or stage == "inputs", stage
        assert changes, f"{stage}: no change was seen"
        for at, fault in places(min(TIMES, changes), changes, stage):
            restore(clone, before)
            one = broken(clone, stage, at, fault)
            again = plain(clone, stage, check=False)
            found = tree(clone.root)
            faults = faults_of(one)
            faults += [] if again.returncode == 0 else [f"the next run failed: {again.stderr}"]
            faults += [f"other bytes: {name}" for name in after if found.get(name) != after[name]]
            faults += [f"left behind: {name}" for name in found if name not in after]
            wrong += [f"{one}: {fault}" for fault in faults]
            survived += [one] if one.event and not faults else []
            with capsys.disabled():
                click.echo(f"{one}: {'; '.join(faults) or 'survived'}")
        restore(clone, after)
    with capsys.disabled():
        click.echo(f"\n{len(survived)} broken runs survived, of {len(STAGES)} stages; {len(wrong)} faults")
    record_property("survived", len(survived))
    record_property("faults", len(wrong))
    assert not wrong, "\n".join(wrong)
    assert len(survived) >= 60
    assert Path(clone.root / "reports/comparison.html").is_file()
