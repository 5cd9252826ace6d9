"""Run the experiments of a study that are not there yet, some at a time, and say how far it is."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hbir.core.gpus import gpus, least_busy
from hbir.core.interrupt import Interrupt, interruptible
from hbir.studies.existing import Baseline, Found
from hbir.studies.lost import give_names_back, is_locked_out
from hbir.studies.plan import Planned
from hbir.studies.processes import Running, forget_leftovers, start, stop
from hbir.studies.settings import settings
from hbir.studies.words import duration

Say = Callable[[str], None]
TRIES = 3
"""How often an experiment is begun that another process took, or kept DVC from."""
_SAME_TRAININGS = (
    "evaluate",
    "overrides",
    "baselines",
    "samplers",
    "sampler",
    "rivals",
    "merged",
    "floors",
    "tracking",
    "resources",
)
"""Sections of params.yaml in which experiments may differ and yet train some of the samplers alike; so may they
in `batches.hybrid`."""


@dataclass
class Outcome:
    """Say what became of a study's experiments."""

    there: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    failed: dict[str, Path] = field(default_factory=dict)
    """Name → log."""
    left: list[str] = field(default_factory=list)
    """Not begun, or stopped."""


def log_path(root: Path, study: str, experiment: str) -> Path:
    """Name the log of an experiment.

    Args:
        root: the project's folder.
        study: the name that its experiments begin with.
        experiment: the whole name.

    Returns:
        A file below `.hbir`.
    """
    return root / ".hbir" / "studies" / (study or "seeds") / f"{experiment}.log"


def run(found: Sequence[Found], baseline: Baseline, study: str, jobs: int, say: Say) -> Outcome:
    """Make the experiments that are missing.

    Ctrl-C, a termination and a closed terminal stop them. Trainings keep their states; the next run goes on.

    Args:
        found: what a study wants, and what is there; those with other params are left alone.
        baseline: the commit to start from, which is checked out.
        study: the name that its experiments begin with.
        jobs: how many at a time. Of those that share trainings the first one is alone until it is there, so
            that none is trained twice.
        say: gets a line at a time.

    Returns:
        What became of them.
    """
    with interruptible() as interrupt:
        runner = _Runner(baseline, study, jobs, say, interrupt)
        try:
            return runner.run(found)
        finally:
            stop(runner.running)


class _Runner:
    def __init__(self, baseline: Baseline, study: str, jobs: int, say: Say, interrupt: Interrupt) -> None:
        self.running: list[Running] = []
        self._baseline, self._study, self._jobs, self._say = baseline, study, jobs, say
        self._interrupt = interrupt
        self._outcome = Outcome()
        self._tries: Counter[str] = Counter()
        self._warm: set[str] = set()
        self._seconds: list[float] = []
        self._gpus = gpus() if jobs > 1 else []

    def run(self, found: Sequence[Found]) -> Outcome:
        waiting = self._missing(found)
        by_name = {one.name: one for one in waiting}
        while (waiting or self.running) and not self._stopped():
            while len(self.running) < self._jobs and (then := self._next(waiting, by_name)) is not None:
                waiting.remove(then)
                self._start(then)
                if self._stopped():
                    break
            for ended in [one for one in self.running if one.has_ended()]:
                self.running.remove(ended)
                if self._end(ended, by_name[ended.name]):
                    waiting.append(by_name[ended.name])
            time.sleep(0.1)
        self._outcome.left = [one.name for one in waiting] + [one.name for one in self.running]
        return self._outcome

    def _missing(self, found: Sequence[Found]) -> list[Planned]:
        self._number = len(found)
        for one in found:
            if one.state == "there":
                self._outcome.there.append(one.planned.name)
                self._warm.add(trainings(one.planned.params))
        missing = [one.planned for one in found if one.state == "missing"]
        for name in forget_leftovers(self._baseline.root, [one.name for one in missing]):
            self._say(f"{name}: begun once and killed; it is begun anew")
        return missing

    def _stopped(self) -> bool:
        return self._interrupt.requested

    def _next(self, waiting: Sequence[Planned], by_name: Mapping[str, Planned]) -> Planned | None:
        """Choose what may start: nothing that waits for trainings, and a repetition only when nothing runs."""
        if any(one.is_ending for one in self.running):
            return None
        cold = {trainings(by_name[one.name].params) for one in self.running} - self._warm
        for one in waiting:
            repeated = self._tries[one.name] and self.running
            if not repeated and trainings(one.params) not in cold:
                return one
        return None

    def _start(self, one: Planned) -> None:
        log = log_path(self._baseline.root, self._study, one.name)
        self._tries[one.name] += 1
        changes = settings(self._baseline.params, one.params)
        arguments = [part for change in changes for part in ("--set-param", change)]
        self._say(f"{one.name}: started, log in {log.relative_to(self._baseline.root)}")
        gpu = None
        if not any((one.params.get(name) or {}).get("launcher") for name in ("train", "evaluate")):
            # a launcher takes all of them
            gpu = least_busy(self._gpus, [other.gpu for other in self.running])
        self.running.append(start(one.name, arguments, self._baseline.root, log, self._stopped, gpu))

    def _end(self, ended: Running, planned: Planned) -> bool:
        """Note how it ended; return whether to begin it again."""
        seconds = time.monotonic() - ended.began
        for lost, name in give_names_back(self._baseline.root, ended.text()).items():
            self._say(f"{name}: DVC called it {lost}, and it has its name again")
        if ended.name in self._baseline.experiments():
            self._outcome.made.append(ended.name)
            self._warm.add(trainings(planned.params))
            self._seconds.append(seconds)
            self._say(f"{self._place()} {ended.name}: done in {duration(seconds)}{self._rest()}")
            return False
        taken = ended.process.returncode == 0  # by another process, which may be at it still
        if self._stopped() or ((taken or is_locked_out(ended.text())) and self._tries[ended.name] < TRIES):
            return True
        self._outcome.failed[ended.name] = ended.log
        shown = ended.log.relative_to(self._baseline.root)
        self._say(f"{self._place()} {ended.name}: FAILED after {duration(seconds)}: {last_error(ended.text())}")
        self._say(f"    see {shown}")
        return False

    def _place(self) -> str:
        done = self._done()
        return f"[{done:>{len(str(self._number))}}/{self._number}]"

    def _done(self) -> int:
        return len(self._outcome.there) + len(self._outcome.made) + len(self._outcome.failed)

    def _rest(self) -> str:
        left = self._number - self._done()
        if not left:
            return ""
        mean = sum(self._seconds) / len(self._seconds)
        return f"; {left} left, about {duration(mean * left / min(self._jobs, left))}"


def last_error(log: str) -> str:
    """Find what a log says of its failure.

    Args:
        log: the whole text.

    Returns:
        The last line with an error of hbir or of DVC, else the last line.
    """
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("Error: ", "ERROR: "))]
    ours = [line for line in errors if line.startswith("Error: ")]
    return next(iter((ours or errors or lines)[-1:]), "it said nothing")


def trainings(params: Mapping[str, Any]) -> str:
    """Name what decides the trainings that experiments may share."""
    kept = {key: value for key, value in params.items() if key not in _SAME_TRAININGS}
    kept["batches"] = {k: v for k, v in (params.get("batches") or {}).items() if k != "hybrid"}
    return json.dumps(kept, sort_keys=True, default=str)
