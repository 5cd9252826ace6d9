"""Apply a study of studies/ to params.yaml."""

import os
import subprocess
from pathlib import Path

import click

from hbir.benchmarks.params import DATA_VARIABLE
from hbir.cli import require_project
from hbir.core.errors import ParamsError
from hbir.core.paths import PARAMS
from hbir.inputs.study import apply_study


@click.command()
@click.argument("name")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=f"Folder with the study's files, which are linked into data/; else ${DATA_VARIABLE}.",
)
@click.option("--force", is_flag=True, help="Even if params.yaml has changes that are not in Git.")
def study(name: str, data: Path | None, force: bool) -> None:
    """Change params.yaml as studies/NAME.yaml says, which states only what differs."""
    require_project()
    if not force and _has_changes():
        raise ParamsError(
            where=str(PARAMS),
            expected="no change that is not in Git",
            found="some",
            hint="Commit them (`git commit params.yaml`), or give --force to change the file as it is.",
        )
    if data is None and os.environ.get(DATA_VARIABLE):
        data = Path(os.environ[DATA_VARIABLE])
    changes, linked, absent = apply_study(name, data)
    click.echo("\n".join(f"  {line}" for line in changes) or "  nothing: params.yaml has it all")
    for line in linked:
        click.echo(f"  linked {line}")
    for path in absent:
        click.echo(f"  missing: {path} (put it there, or name its folder with --data)")
    click.echo(f"study {name}: params.yaml is whole. Next: `dvc repro`; back: `git checkout params.yaml`.")


def _has_changes() -> bool:
    """Ask Git; without Git nothing is known to be lost."""
    try:
        command = ["git", "status", "--porcelain", "--", str(PARAMS)]
        return bool(subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip())
    except (OSError, subprocess.CalledProcessError):
        return False
