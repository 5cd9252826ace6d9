"""Tell where the minutes of `make repro` go: the work of each stage, its imports, and DVC around it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from perf.timed_process import LOG

HEADER = ("stage", "wall", "CPU", "imports", "rest", "before it", "memory", "written")


@dataclass(frozen=True, kw_only=True)
class Process:
    """Hold what one Python process of the pipeline took, in seconds."""

    name: str
    """The command, such as `train xx`."""
    wall: float
    cpu: float
    imports: float
    """The sum of all imports, those in the middle of the work included."""
    before: float
    """Since the process before it ended, or since the start: DVC's own time."""
    memory: float
    """Largest resident memory in MB."""
    written: float
    """MB that went to the disk, temporary files too."""

    @property
    def rest(self) -> float:
        """Return the time that is not imports."""
        return self.wall - self.imports

    def row(self) -> tuple[str, ...]:
        """Return the cells of its line in the table."""
        times = (self.wall, self.cpu, self.imports, self.rest, self.before)
        return self.name, *(f"{each:.2f}" for each in times), f"{self.memory:.0f}", f"{self.written:.1f}"


def read_processes(lines: Sequence[str], start: float) -> list[Process]:
    """Read what `perf.timed_process` noted.

    Args:
        lines: of JSON, in the order in which the processes ended.
        start: when DVC was started, in seconds since the epoch.

    Returns:
        The processes in that order.
    """
    found = []
    for line in lines:
        noted: dict[str, Any] = json.loads(line)
        found.append(
            Process(
                name=" ".join(noted["arguments"]).removeprefix("-m hbir "),
                wall=noted["end"] - noted["start"],
                cpu=noted["cpu"],
                imports=noted["imports"],
                before=noted["start"] - start,
                memory=noted["memory"],
                written=noted["written"],
            )
        )
        start = noted["end"]
    return found


def table(processes: Sequence[Process], after: float) -> list[tuple[str, ...]]:
    """Make the table.

    Args:
        processes: of one run.
        after: seconds from the end of the last process to the end of DVC.

    Returns:
        Rows of cells: the header, a row per process, what DVC took at the end, and the sum.
    """

    def total(name: str) -> float:
        return float(sum(getattr(process, name) for process in processes))

    whole = Process(
        name="total",
        wall=total("wall"),
        cpu=total("cpu"),
        imports=total("imports"),
        before=total("before") + after,
        memory=max(process.memory for process in processes),
        written=total("written"),
    )
    at_end = ("dvc, at its end", "", "", "", "", f"{after:.2f}", "", "")
    return [HEADER, *(process.row() for process in processes), at_end, whole.row()]


def run(folder: Path) -> tuple[list[Process], float, float]:
    """Run what `make repro` runs, with a watched Python.

    Args:
        folder: a clone with a `.venv`.

    Returns:
        The processes, the seconds that DVC took at its end, and those of the whole.
    """
    with tempfile.TemporaryDirectory() as temporary:
        log = Path(temporary, "log")
        log.touch()
        environ = _environ(folder, Path(temporary), log)
        start = time.time()
        for command in (["python", "-m", "hbir", "restore"], ["dvc", "repro"]):
            subprocess.run(command, cwd=folder, env=environ, check=True)
        end = time.time()
        lines = log.read_text().splitlines()
    processes = read_processes(lines, start)
    return processes, end - json.loads(lines[-1])["end"], end - start


def clone(folder: Path) -> None:
    """Make a fresh clone of the last commit, which borrows this environment.

    Args:
        folder: where to; must not exist.
    """
    subprocess.run(["git", "clone", "--quiet", ".", str(folder)], check=True)
    Path(folder, ".venv").symlink_to(Path(sys.prefix).resolve(), target_is_directory=True)


def shorten(folder: Path, steps: int) -> None:
    """Let a clone's trainings take few steps, so that what is left is the cost of everything else.

    Args:
        folder: the clone.
        steps: of each sampler.
    """
    path = folder / "params.yaml"
    whole, found = re.subn(r"(?m)^(  steps:) \d+", rf"\1 {steps}", path.read_text(encoding="utf-8"))
    if found != 1:
        raise click.ClickException(f"{path}: expected one line `  steps: N`, found {found}")
    path.write_text(whole, encoding="utf-8")


def _environ(folder: Path, temporary: Path, log: Path) -> dict[str, str]:
    """Put a `python` first on the path that runs `perf.timed_process`."""
    watched = Path(__file__).with_name("timed_process.py")
    shim = temporary / "python"
    shim.write_text(f'#!/bin/sh\nexec "{folder}/.venv/bin/python" -I -S "{watched}" "$@"\n')
    shim.chmod(0o755)
    return os.environ | {
        LOG: str(log),
        "PATH": f"{temporary}:{folder}/.venv/bin:{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), help="Of the clone; a temporary one if none.")
@click.option("--steps", type=int, help="Of each training, to see everything else sooner.")
def main(folder: Path | None, steps: int | None) -> None:
    """Run the whole default pipeline in a fresh clone of the last commit, and print where the time went."""
    parent = None if folder else Path(tempfile.mkdtemp())
    place = (folder or Path(str(parent), "hbir")).resolve()
    if not place.exists():
        clone(place)
        if steps:
            shorten(place, steps)
    processes, after, whole = run(place)
    rows = table(processes, after)
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    for row in rows:
        click.echo("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    click.echo(f"{whole:.0f} s in all")
    if parent:
        shutil.rmtree(parent)


if __name__ == "__main__":
    main()
