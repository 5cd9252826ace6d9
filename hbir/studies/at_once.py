"""Run the trainings of the pipeline, and then the scorings, some at a time, each with a GPU of its own."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hbir.core.gpus import gpus, least_busy
from hbir.core.interrupt import Interrupt, interruptible
from hbir.core.project import Project
from hbir.core.samplers import with_stage
from hbir.studies.processes import Running, spawn, stop
from hbir.studies.run import last_error
from hbir.studies.words import duration

BEFORE = ("build_batches", "encoder")
"""The stages that every training needs; DVC runs what these need first."""


@dataclass
class Ended:
    """Say what became of the stages."""

    failed: dict[str, Path] = field(default_factory=dict)
    """Stage → log."""
    is_stopped: bool = False


def log_path(root: Path, stage: str) -> Path:
    """Name the log of a stage.

    Args:
        root: the project's folder.
        stage: as DVC names it.

    Returns:
        A file below `.hbir`.
    """
    return root / ".hbir" / "repro" / f"{stage}.log"


def steps(project: Project) -> list[list[str]]:
    """List what may run side by side.

    Args:
        project: the top level of params.yaml.

    Returns:
        Names of stages. Those of a list do not need each other; each list may need those before it.
    """
    trainings = [f"train_{name}" for name in with_stage()]
    trainings += [f"train_baseline@{name}" for name in project.baselines]
    merges = [f"merge@{weight}" for weight in project.merged]
    rows: dict[str, Sequence[object]] = {
        "score": project.samplers,
        "score_baseline": project.baselines,
        "score_rival": project.rivals,
        "score_merged": project.merged,
        "score_floor": project.floors,
    }
    return [trainings, merges, [f"{stage}@{item}" for stage, items in rows.items() for item in items]]


def run_at_once(steps: Sequence[Sequence[str]], jobs: int, root: Path, say: Callable[[str], None]) -> Ended:
    """Run what trainings need, then steps one after the other, some stages of each at a time.

    DVC locks the project only while it looks at stages, not while one runs. So several of its commands may each
    run a stage, as its documentation advises. Ctrl-C stops them; trainings keep their states.

    Args:
        steps: lists of stages, as `steps` makes them.
        jobs: how many stages at a time.
        root: the project's folder.
        say: gets a line at a time.

    Returns:
        What became of them. After one has failed, none begins.
    """
    ended, running = Ended(), list[Running]()
    names = gpus()
    with interruptible() as interrupt:
        try:
            say(f"{' and '.join(BEFORE)}: log in {log_path(root, 'before').relative_to(root)}")
            running.append(spawn("before", ["repro", *BEFORE], root, log_path(root, "before")))
            for stages in steps:
                _wait(running, 0, ended, interrupt, say)
                for stage in stages:
                    _wait(running, jobs - 1, ended, interrupt, say)
                    if ended.failed or interrupt.requested:
                        break
                    gpu = least_busy(names, [one.gpu for one in running])
                    running.append(_begin(stage, root, gpu, say))
            _wait(running, 0, ended, interrupt, say)
            ended.is_stopped = interrupt.requested
        finally:
            stop(running)
    return ended


def _begin(stage: str, root: Path, gpu: str | None, say: Callable[[str], None]) -> Running:
    log = log_path(root, stage)
    say(f"{stage}: started{f' on GPU {gpu}' if gpu else ''}, log in {log.relative_to(root)}")
    return spawn(stage, ["repro", "--single-item", stage], root, log, gpu)


def _wait(
    running: list[Running], most: int, ended: Ended, interrupt: Interrupt, say: Callable[[str], None]
) -> None:
    """Wait until no more than so many run."""
    while len(running) > most and not interrupt.requested:
        for one in [one for one in running if one.has_ended()]:
            running.remove(one)
            seconds = duration(time.monotonic() - one.began)
            if one.process.returncode == 0:
                say(f"{one.name}: done in {seconds}")
                continue
            ended.failed[one.name] = one.log
            say(f"{one.name}: FAILED after {seconds}: {last_error(one.text())}")
        time.sleep(0.1)
