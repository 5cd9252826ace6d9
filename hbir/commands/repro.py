"""Run the pipeline, several trainings or scorings at a time."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from hbir.cli import require_project
from hbir.core.errors import DataError, ParamsError
from hbir.core.params import read_params, section
from hbir.core.project import read_project

_ALL_DEVICES = (("train", "launcher"), ("evaluate", "launcher"), ("evaluate", "cluster"))
"""Sections and keys of params.yaml that give a stage more than one device."""


@click.command()
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Stages at a time.")
def repro(jobs: int) -> None:
    """Do what `dvc repro` does, JOBS trainings at a time, and then as many scorings.

    Objects in a store that params.yaml names are looked at first, as DVC does not do that.

    Each sees one GPU, those that are there in turn, and has a log in .hbir/repro/. On a CPU each takes
    `threads` of params.yaml. Ctrl-C stops them; the next run goes on.
    """
    from hbir.studies.at_once import run_at_once, steps
    from hbir.studies.processes import DVC

    require_project()
    params = read_params()
    _look_at_objects(params)
    if jobs > 1:
        for name, key in _ALL_DEVICES:
            _require_none(f"{name}.{key}", section(params, name, dict).get(key))
        ended = run_at_once(steps(read_project(params)), jobs, Path.cwd(), click.echo)
        if ended.failed:
            raise DataError(
                where="hbir repro",
                expected="stages that run to their end",
                found=f"{', '.join(ended.failed)} failed",
                hint=f"See {', '.join(str(log) for log in ended.failed.values())}.",
            )
        if ended.is_stopped:
            click.echo("Stopped. The same command goes on.")
            raise SystemExit(130)
    sys.stdout.flush()
    os.execv(DVC[0], [*DVC, "repro"])


def _look_at_objects(params: dict[str, Any]) -> None:
    """Run the stage `inputs` again where an object changed; all that reads it depends on what that writes."""
    if "://" not in repr((params.get("collect"), params.get("evaluate"))):
        return
    from hbir.inputs.check import check
    from hbir.inputs.named import of_all
    from hbir.inputs.objects import changed_objects
    from hbir.studies.processes import DVC

    if changed := list(changed_objects(of_all(check(params)))):
        click.echo(f"repro: changed since the stage inputs looked: {', '.join(changed)}")
        sys.stdout.flush()
        ended = subprocess.run([*DVC, "repro", "--force", "--single-item", "inputs"], check=False)
        if ended.returncode:
            raise SystemExit(ended.returncode)


def _require_none(key: str, value: object) -> None:
    if value is not None:
        raise ParamsError(
            where="hbir repro: --jobs",
            expected=f"1, for {key} gives all devices to each stage",
            found="more",
            hint=f"Set {key} to null, and each stage gets a GPU; or leave --jobs out.",
        )
