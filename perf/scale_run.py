"""Run the commands of a made-up project, each once, however often this is interrupted and begun again."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from hbir.core.files import write_json
from perf import measured
from perf.measured import Cost
from perf.scale_project import Stage, environ, python, stages, write_project

COSTS, LOG = "costs.json", "commands.log"


def run_all(folder: Path, pairs: int, log: Callable[[str], object]) -> dict[str, Cost]:
    """Make the sources and run the pipeline on them.

    Args:
        folder: of the project; commands that were finished there are not run again.
        pairs: of all sources.
        log: takes a line per stage.

    Returns:
        What each stage took, in their order.

    Raises:
        FailedError: when a command ends with an error; what was finished before stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_project(folder, pairs)
    found = {}
    for stage in stages(pairs):
        found[stage.name] = cost = together(_costs(folder, stage))
        log(f"{pairs:,} pairs: {stage.name}: {said(cost)}")
    return found


def _costs(folder: Path, stage: Stage) -> list[Cost]:
    path = folder / COSTS
    done = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for command in stage.commands:
        name = " ".join(command)
        if name not in done:
            done[name] = asdict(measured.run(python(command), folder, environ(folder), folder / LOG))
            write_json(path, done)
    return [Cost(**done[" ".join(command)]) for command in stage.commands]


def together(costs: Sequence[Cost]) -> Cost:
    """Add up what the commands of a stage took, one after the other.

    Args:
        costs: at least one.

    Returns:
        The sums of seconds and of what was written; the largest process, and the largest folder.
    """
    return Cost(
        wall=sum(cost.wall for cost in costs),
        cpu=sum(cost.cpu for cost in costs),
        memory=max(cost.memory for cost in costs),
        written=sum(cost.written for cost in costs),
        folder=max(cost.folder for cost in costs),
    )


def said(cost: Cost) -> str:
    """Describe a cost in a line.

    Args:
        cost: of a stage.

    Returns:
        Its figures.
    """
    return (
        f"{cost.cpu:,.0f} s of CPU in {cost.wall:,.0f} s, largest process {cost.memory:,.0f} MB, "
        f"{cost.written:,.0f} MB written, {cost.folder:,.0f} MB in the folder"
    )
