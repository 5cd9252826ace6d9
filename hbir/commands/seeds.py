"""Summarise experiments that differ in their seed."""

import json
from pathlib import Path
from typing import Any

import click
from ruamel.yaml import YAML

from hbir.core.errors import DataError
from hbir.core.paths import METRICS, PARAMS
from hbir.reporting.seeds import Metrics, refuse_unlike, summarise


@click.command()
@click.argument("experiments", nargs=-1, required=True)
def seeds(experiments: tuple[str, ...]) -> None:
    """Summarise EXPERIMENTS (names or revisions) that differ in their seed.

    For example: `python -m hbir seeds seed-1 seed-2 seed-3`.
    """
    read = {name: _read(name) for name in experiments}
    runs = {name: metrics for name, (metrics, _) in read.items()}
    if len(runs) < len(experiments):
        raise DataError(
            where="experiments",
            expected="each one once",
            found=", ".join(experiments),
            hint="Leave the repetition out.",
        )
    refuse_unlike(runs, {name: seed for name, (_, seed) in read.items()})
    click.echo(summarise(list(runs.values())))


def _read(experiment: str) -> tuple[Metrics, Any]:
    """Return the metrics and the seed of an experiment."""
    # DVC takes two seconds to import, and only this command needs it.
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import RevError

    try:
        files = DVCFileSystem(rev=experiment)
        names = [str(path) for path in files.ls(str(METRICS), detail=False)]
        contents = {Path(name).stem: json.loads(files.read_text(name)) for name in sorted(names)}
        params = YAML(typ="safe", pure=True).load(files.read_text(str(PARAMS)))
    except (DvcException, RevError, FileNotFoundError) as error:
        raise DataError(
            where=f"experiment {experiment}",
            expected=f"a DVC experiment or Git revision with {METRICS}/ and {PARAMS}",
            found=str(error) or "none",
            hint="`dvc exp list` shows the names.",
        ) from error
    contents.pop("headline", None)
    return contents, params["seed"]
