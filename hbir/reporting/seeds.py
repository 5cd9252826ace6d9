"""Summarise experiments that differ in their seed: mean, spread, and which differences hold in every one."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hbir.core.errors import DataError
from hbir.core.project import METRICS

Metrics = dict[str, dict[str, Any]]
"""Per sampler the content of its metrics file: benchmark, then `map` by setting and `rank_distance`."""

COLUMNS = {
    "monolingual": "monolingual mAP",
    "cross_lingual": "cross-lingual mAP",
    "multilingual": "multilingual mAP",
    "rank_distance": "rank distance",
}
CLAIMS = (
    ("hybrid", "above", "xy", "monolingual"),
    ("hybrid", "above", "xx", "cross_lingual"),
    ("hybrid", "above", "xx", "multilingual"),
    ("hybrid", "below", "xx", "rank_distance"),
)
"""What the paper says of its samplers, to be checked seed by seed."""


def summarise(runs: Sequence[Metrics]) -> str:
    """Write the mean and the standard deviation over seeds as Markdown, and check the claims.

    Args:
        runs: one entry per seed, with the same samplers and benchmarks.

    Returns:
        A table per benchmark, and below it a line per claim.
    """
    return "\n\n".join(_benchmark(runs, name) for name in next(iter(runs[0].values())))


def _benchmark(runs: Sequence[Metrics], benchmark: str) -> str:
    header = f"| {benchmark}, {len(runs)} seeds | " + " | ".join(COLUMNS.values()) + " |"
    rows = [
        f"| {sampler} | " + " | ".join(_cell(runs, sampler, benchmark, column) for column in COLUMNS) + " |"
        for sampler in runs[0]
    ]
    claims = [_claim(runs, benchmark, *claim) for claim in CLAIMS if {claim[0], claim[2]} <= set(runs[0])]
    return "\n".join([header, "|---" * (len(COLUMNS) + 1) + "|", *rows, "", *claims])


def _values(runs: Sequence[Metrics], sampler: str, benchmark: str, column: str) -> list[float]:
    scores = [run[sampler][benchmark] for run in runs]
    return [score["rank_distance"] if column == "rank_distance" else score["map"][column] for score in scores]


def _cell(runs: Sequence[Metrics], sampler: str, benchmark: str, column: str) -> str:
    values = _values(runs, sampler, benchmark, column)
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    digits = 0 if column == "rank_distance" else 3
    return f"{statistics.mean(values):.{digits}f} ± {spread:.{digits}f}"


def _claim(runs: Sequence[Metrics], benchmark: str, one: str, relation: str, other: str, column: str) -> str:
    ones, others = (_values(runs, sampler, benchmark, column) for sampler in (one, other))
    differences = [first - second for first, second in zip(ones, others, strict=True)]
    holds = sum(difference > 0 if relation == "above" else difference < 0 for difference in differences)
    digits = 1 if column == "rank_distance" else 3
    shown = ", ".join(f"{difference:+.{digits}f}" for difference in differences)
    return f"- {one} {relation} {other}, {COLUMNS[column]}: in {holds} of {len(runs)} seeds ({shown})"


@click.command()
@click.argument("experiments", nargs=-1, required=True)
def seeds(experiments: tuple[str, ...]) -> None:
    """Summarise EXPERIMENTS (names or revisions) that differ in their seed.

    For example: `python -m hbir seeds seed-1 seed-2 seed-3`.
    """
    click.echo(summarise([_read(name) for name in experiments]))


def _read(experiment: str) -> Metrics:
    # DVC takes two seconds to import, and only this command needs it.
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import RevError

    try:
        files = DVCFileSystem(rev=experiment)
        names = [str(path) for path in files.ls(str(METRICS), detail=False)]
        contents = {Path(name).stem: _json(files.read_text(name)) for name in sorted(names)}
    except (DvcException, RevError, FileNotFoundError) as error:
        raise DataError(
            where=f"experiment {experiment}",
            expected=f"a DVC experiment or Git revision with {METRICS}/",
            found=str(error) or "none",
            hint="`dvc exp list` shows the names.",
        ) from error
    contents.pop("headline", None)
    return contents


def _json(text: str) -> Any:
    import json

    return json.loads(text)
