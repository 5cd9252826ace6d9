"""Turn results into MLflow's params and metrics."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from hbir.core.training_record import CURVES, Curve
from hbir.evaluation.summary import Settings, Summary

SPEED = "train/pairs_per_second"
TRANSLATION = "translation"
VARIANTS = "variants"
"""MLflow sorts its charts by name: this comes behind `train`, `validation` and most benchmarks."""


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
    """List every mean score: of the best checkpoint, of its groups of queries, and of the final checkpoint.

    Args:
        summaries: benchmark → its scores.
        final: benchmark → settings of the final checkpoint.

    Returns:
        Metric name → value: `cldr/multilingual/map` of the best checkpoint; what else there is under
        `variants/cldr/final/…` and `variants/cldr/seen/…`.
    """
    values: dict[str, float] = {}
    for benchmark, summary in summaries.items():
        values.update(_flat(benchmark, summary.settings))
        for group, settings in summary.groups.items():
            values.update(_flat(f"{VARIANTS}/{benchmark}/{group}", settings))
    for benchmark, settings in final.items():
        values.update(_flat(f"{VARIANTS}/{benchmark}/final", settings))
    return values


def translation_values(counts: Mapping[str, Any]) -> dict[str, float]:
    """List what became of the pairs in each language.

    Args:
        counts: language → content of its stats.json.

    Returns:
        Metric name → number of pairs or texts: `translation/es/pairs`, `translation/es/rejected/copied`.
    """
    return dict(_leaves(TRANSLATION, counts))


def _flat(prefix: str, settings: Mapping[str, Mapping[str, float | None]]) -> Iterator[tuple[str, float]]:
    for setting, measures in settings.items():
        for measure, value in measures.items():
            if value is not None:
                yield metric_name(prefix, setting, measure), value


def _leaves(prefix: str, value: Mapping[str, Any] | float) -> Iterator[tuple[str, float]]:
    if not isinstance(value, Mapping):
        yield prefix, value
        return
    for name, inner in value.items():
        yield from _leaves(metric_name(prefix, name), inner)
