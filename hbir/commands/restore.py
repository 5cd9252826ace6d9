"""Take this machine's own results back, where dvc.lock names those of another machine."""

import logging
from pathlib import Path

import click

from hbir.core.errors import DataError
from hbir.core.machine import main_root


@click.command()
def restore() -> None:
    """Let the next `dvc repro` take results from DVC's run cache where dvc.lock names another machine's."""
    from dvc.exceptions import DvcException

    from hbir.tracking.restore import forget_foreign

    logging.getLogger("dvc").setLevel(logging.WARNING)
    root = main_root()
    if not (root / ".dvc").is_dir() or not Path(root, "dvc.lock").is_file():
        return
    try:
        stages = forget_foreign(root)
    except DvcException as error:
        raise DataError(
            where="dvc.lock",
            expected="a project that DVC can read",
            found=" ".join(str(error).split()),
            hint="Run `dvc status`, which says more.",
        ) from error
    if stages:
        click.echo(
            f"restore: dvc.lock names another machine's results; this one has its own of {', '.join(stages)}"
        )
