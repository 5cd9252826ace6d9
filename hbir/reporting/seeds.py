"""Summarise experiments that differ in their seed: mean, spread, and which differences hold in every one."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from hbir.core.errors import DataError
from hbir.reporting.columns import SETTING_NAMES, named_column

Metrics = dict[str, dict[str, Any]]
"""Per sampler the content of its metrics file: benchmark, then main measure by setting and `rank_distance`."""

DISTANCE = "rank_distance"
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


def refuse_unlike(runs: Mapping[str, Metrics], seeds: Mapping[str, Any]) -> None:
    """Check that runs differ in their seeds and hold scores of the same things.

    Args:
        runs: experiment → metrics.
        seeds: experiment → seed.

    Raises:
        DataError: when two have one seed, or one has other samplers, benchmarks, measures or settings.
    """
    first, *others = runs
    for number, name in enumerate(others, start=1):
        twin = next((other for other in list(runs)[:number] if seeds[other] == seeds[name]), None)
        if twin is not None:
            raise DataError(
                where=f"experiments {twin} and {name}",
                expected="seeds that differ",
                found=f"seed {seeds[name]} in both",
                hint="Make one with `dvc exp run -n seed-2 -S seed=2`.",
            )
        if _shape(runs[name]) != _shape(runs[first]):
            raise DataError(
                where=f"experiment {name}",
                expected=f"scores of the samplers and benchmarks of {first}",
                found="others",
                hint="Summarise experiments that differ in nothing but their seed.",
            )


def _shape(scores: Any) -> Any:
    return {key: _shape(value) for key, value in scores.items()} if isinstance(scores, dict) else None


def _benchmark(runs: Sequence[Metrics], benchmark: str) -> str:
    columns = _columns(next(iter(runs[0].values()))[benchmark])
    header = f"| {benchmark}, {len(runs)} seeds | " + " | ".join(columns.values()) + " |"
    rows = [
        f"| {sampler} | " + " | ".join(_cell(runs, sampler, benchmark, column) for column in columns) + " |"
        for sampler in runs[0]
    ]
    claims = [
        _claim(runs, benchmark, *claim, columns[claim[-1]])
        for claim in CLAIMS
        if {claim[0], claim[2]} <= set(runs[0]) and claim[-1] in columns
    ]
    return "\n".join([header, "|---" * (len(columns) + 1) + "|", *rows, "", *claims])


def _columns(score: Mapping[str, Any]) -> dict[str, str]:
    """Return what a benchmark's metrics hold, settings and rank distance, with their names."""
    main = _main(score)
    named = {
        setting: f"{title} {named_column(main, setting, main).name}"
        for setting, title in SETTING_NAMES.items()
        if setting in score[main]
    }
    return named | ({DISTANCE: "rank distance"} if DISTANCE in score else {})


def _main(score: Mapping[str, Any]) -> str:
    return next(measure for measure in score if measure != DISTANCE)


def _values(runs: Sequence[Metrics], sampler: str, benchmark: str, column: str) -> list[float]:
    scores = [run[sampler][benchmark] for run in runs]
    return [score[DISTANCE] if column == DISTANCE else score[_main(score)][column] for score in scores]


def _cell(runs: Sequence[Metrics], sampler: str, benchmark: str, column: str) -> str:
    values = _values(runs, sampler, benchmark, column)
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    digits = 0 if column == DISTANCE else 3
    return f"{statistics.mean(values):.{digits}f} ± {spread:.{digits}f}"


def _claim(
    runs: Sequence[Metrics], benchmark: str, one: str, relation: str, other: str, column: str, name: str
) -> str:
    ones, others = (_values(runs, sampler, benchmark, column) for sampler in (one, other))
    differences = [first - second for first, second in zip(ones, others, strict=True)]
    holds = sum(difference > 0 if relation == "above" else difference < 0 for difference in differences)
    digits = 1 if column == DISTANCE else 3
    shown = ", ".join(f"{difference:+.{digits}f}" for difference in differences)
    return f"- {one} {relation} {other}, {name}: in {holds} of {len(runs)} seeds ({shown})"
