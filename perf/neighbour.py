"""Measure training steps beside another busy process, for several ways in which torch's threads wait."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import median

import click

from perf.machine import origin
from perf.quiet import quietly

_SPIN = [
    sys.executable,
    "-c",
    "import os\nparent = os.getppid()\nprint(flush=True)\nwhile os.getppid() == parent: pass",
]
_SETTINGS = ("GOMP_SPINCOUNT=300000", "OMP_WAIT_POLICY=PASSIVE", "")
"""torch's own, sleeping at once, and what hbir sets."""


class Training:
    """Hold a process with its own environment that does training steps when it is asked to."""

    def __init__(self, variables: Mapping[str, str], encoder: str) -> None:
        """Start the process, and let it warm up.

        Args:
            variables: of its environment.
            encoder: as in `perf.encoders.fresh`.
        """
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        process = context.Process(target=_serve, args=(other, encoder), daemon=True)
        with _environment(variables):
            process.start()
        other.close()
        self.pid = process.pid or 0
        self.step_time(2)

    def step_time(self, steps: int) -> float:
        """Do some steps.

        Args:
            steps: how many.

        Returns:
            Milliseconds of a step.
        """
        self._connection.send(steps)
        return float(self._connection.recv())


@dataclass(frozen=True)
class Round:
    """Hold what one training took, in ms a step."""

    alone: float
    beside: float
    """A process that keeps a core busy."""


@contextmanager
def neighbour() -> Iterator[None]:
    """Keep a core busy, in a session of its own: Linux shares the cores among sessions first.

    Yields:
        Nothing.
    """
    with subprocess.Popen(_SPIN, start_new_session=True, stdout=subprocess.PIPE, text=True) as process:
        try:
            next(iter(process.stdout or ()), None)  # a line: from now on it spins
            yield
        finally:
            process.kill()


def measure(
    trainings: Mapping[str, Training], steps: int, rounds: int, seconds: float
) -> dict[str, list[Round]]:
    """Measure all settings in turn, where nothing else runs.

    Args:
        trainings: by setting.
        steps: of one measurement.
        rounds: how often each is measured, at most.
        seconds: when to give up.

    Returns:
        By setting, what was measured; the same number of rounds each.
    """
    found: dict[str, list[Round]] = {setting: [] for setting in trainings}
    end = time.monotonic() + seconds
    for number in range(1, rounds + 1):
        left = end - time.monotonic()
        click.echo(f"round {number} of {rounds}; at most {left:.0f} s for quiet moments", err=True)
        measured = {setting: _round(training, steps, end) for setting, training in trainings.items()}
        whole = {setting: one for setting, one in measured.items() if one is not None}
        if len(whole) < len(measured):
            break
        for setting, one in whole.items():
            found[setting].append(one)
    return found


def table(found: Mapping[str, list[Round]]) -> list[str]:
    """Show what was measured.

    Args:
        found: as from `measure`; the first setting is what the others are compared with.

    Returns:
        Rows of a Markdown table, each with medians, smallest and largest.
    """
    first = next(iter(found.values()))
    lines = [
        "| setting | a step alone, ms | beside a busy process, ms | times as long | alone, times the first |",
        "|---|---|---|---|---|",
    ]
    for setting, rounds in found.items():
        cells = [
            _spread([one.alone for one in rounds], 0),
            _spread([one.beside for one in rounds], 0),
            _spread([one.beside / one.alone for one in rounds], 2),
            _spread([one.alone / base.alone for one, base in zip(rounds, first, strict=True)], 2),
        ]
        lines.append(f"| {setting} | {' | '.join(cells)} |")
    return lines


def _round(training: Training, steps: int, end: float) -> Round | None:
    alone = quietly(lambda: training.step_time(steps), [training.pid], end)
    beside = quietly(lambda: _beside(training, steps), [training.pid], end)
    return None if alone is None or beside is None else Round(alone, beside)


def _beside(training: Training, steps: int) -> float:
    with neighbour():
        return training.step_time(steps)


def _serve(connection: Connection, encoder: str) -> None:
    from perf.steps import BATCH, Ours

    ours = Ours(encoder, "fp32")
    while True:
        connection.send(1000 * BATCH / ours.run(connection.recv()))


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _spread(values: list[float], digits: int) -> str:
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


@click.command()
@click.option("--setting", "settings", multiple=True, help="Variables, such as A=1,B=2; repeatable.")
@click.option("--encoder", type=click.Choice(["tiny", "real"]), default="tiny", show_default=True)
@click.option("--steps", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--rounds", type=click.IntRange(min=1), default=7, show_default=True)
@click.option("--minutes", type=float, default=10.0, show_default=True, help="When to stop waiting.")
def main(settings: tuple[str, ...], encoder: str, steps: int, rounds: int, minutes: float) -> None:
    """Time steps of 64 pairs, alone and beside a process that spins, for each setting in turn."""
    trainings = {}
    for setting in settings or _SETTINGS:
        variables = dict(pair.split("=", 1) for pair in setting.split(",") if pair)
        trainings[setting or "what hbir sets"] = Training(variables, encoder)
    found = measure(trainings, steps, rounds, 60 * minutes)
    click.echo(f"{origin().machine}; {encoder}; {len(next(iter(found.values())))} rounds")
    click.echo("\n".join(table(found)))


if __name__ == "__main__":
    main()
