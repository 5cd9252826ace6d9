"""Turn results into MLflow's params and metrics."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from hbir.core.training_record import CURVES, Curve
from hbir.evaluation.measures import RANK_DISTANCE
from hbir.evaluation.summary import Settings, Summary
from hbir.reporting.columns import SETTING_NAMES, named_column

SPEED = "train/pairs_per_second"
FIRST, VARIANTS = "1 main", "variants"
"""MLflow sorts the sections of its charts by name, and opens the first: the one comes before all benchmarks,
the other behind most, and behind `train` and `validation`."""


class Point(NamedTuple):
    """Hold one value of one metric."""

    name: str
    step: int
    value: float


def metric_name(*parts: str) -> str:
    """Join parts into a name that MLflow takes; what stands before the last slash is a section of its charts.

    Args:
        *parts: such as `cldr`, `multilingual`, `recall@10`.

    Returns:
        Such as `cldr/multilingual/recall_at_10`.
    """
    return re.sub(r"[^\w.\-/: ]", "_", "/".join(parts).replace("@", "_at_"))


def run_params(sampler: str, params: Mapping[str, Any]) -> dict[str, str]:
    """Write params as MLflow keeps them.

    Args:
        sampler: also a param, for as a tag alone it is missing from the parallel plot.
        params: flat names and values.

    Returns:
        Texts; what is no text as JSON.
    """
    given = {"sampler": sampler, **params}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in given.items()}


def row_points(section: str, row: Mapping[str, Any]) -> list[Point]:
    """Name the values of one row of a curve.

    Args:
        section: `train` or `validation`.
        row: `step` and values; None is a value that there is not.

    Returns:
        A point for each value.
    """
    step = row["step"]
    return [
        Point(metric_name(section, name), step, value)
        for name, value in row.items()
        if name != "step" and value is not None
    ]


def curve_points(curve: Curve, record: Mapping[str, Any] | None) -> list[Point]:
    """List every point of a training's curves.

    Args:
        curve: its losses.
        record: speed and environment, where they are kept.

    Returns:
        The points of all metrics.
    """
    rows = [(name, asdict(row)) for name in CURVES for row in curve.points(name)]
    points = [point for name, row in rows for point in row_points(name, row)]
    speed = record["pairs_per_second"] if record else []
    return [*points, *(Point(SPEED, row["step"], row["value"]) for row in speed)]


def score_values(summaries: Mapping[str, Summary], final: Mapping[str, Settings]) -> dict[str, float]:
    """List the mean scores: few that open first, all of the best checkpoint, and the main ones of its variants.

    Args:
        summaries: benchmark → its scores.
        final: benchmark → settings of the final checkpoint.

    Returns:
        Metric name → value. `1 main/multilingual mAP cldr` stands before all others in MLflow.
        `cldr/multilingual/map` and all other measures are of the best checkpoint; the main measure of groups of
        queries and of the final checkpoint is under `variants/cldr/seen/…` and `variants/cldr/final/…`.
    """
    values: dict[str, float] = {}
    for name, summary in summaries.items():
        benchmark = summary.task.labelled(name)
        values.update(_headline(benchmark, summary))
        values.update(_flat(benchmark, summary.settings))
        variants = summary.groups | ({"final": final[name]} if name in final else {})
        main = (summary.task.main_measure, RANK_DISTANCE)
        for variant, settings in variants.items():
            chosen = {
                setting: {measure: value for measure, value in scores.items() if measure in main}
                for setting, scores in settings.items()
            }
            values.update(_flat(f"{VARIANTS}/{benchmark}/{variant}", chosen))
    return values


def _headline(benchmark: str, summary: Summary) -> Iterator[tuple[str, float]]:
    """Name the main measure so that it opens first, and begins with what differs where there is little room."""
    main = summary.task.main_measure
    for setting, scores in summary.settings.items():
        if scores.get(main) is not None:
            measure = named_column(main, setting, main).name.replace("@", " at ")
            name = f"{SETTING_NAMES.get(setting, setting)} {measure} {benchmark}"
            yield metric_name(FIRST, name.replace("/", " ")), scores[main]
        if scores.get(RANK_DISTANCE) is not None:
            yield metric_name(FIRST, f"rank distance {benchmark}".replace("/", " ")), scores[RANK_DISTANCE]


def _flat(prefix: str, settings: Mapping[str, Mapping[str, float | None]]) -> Iterator[tuple[str, float]]:
    for setting, measures in settings.items():
        for measure, value in measures.items():
            if value is not None:
                yield metric_name(prefix, setting, measure), value
