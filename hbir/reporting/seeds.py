"""Summarise experiments that differ in their seed: mean, spread, and which differences hold in every one."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hbir.core.errors import DataError
from hbir.evaluation.measures import RANK_DISTANCE
from hbir.reporting.columns import SETTING_NAMES, named_column

Metrics = dict[str, dict[str, Any]]
"""Per sampler the content of its metrics file: benchmark, then main measure by setting and `rank_distance`."""

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


@dataclass(frozen=True, kw_only=True)
class SeedRun:
    """Hold what is compared of one experiment."""

    metrics: Metrics
    params: Mapping[str, Any]
    """The content of its params.yaml."""
    fixed: Mapping[str, str]
    """Code, and digests of the files that the user gave → hash in dvc.lock."""


SEED = "seed"
WITHOUT_EFFECT = ("sampler", "tracking", "resources")
"""Keys of params.yaml on which no score depends: which metrics are shown first, and what is kept on the way."""


def refuse_unlike(runs: Mapping[str, SeedRun]) -> None:
    """Check that runs differ in their seeds, in nothing else, and hold scores of the same things.

    Args:
        runs: experiment → what is compared.

    Raises:
        DataError: when two have one seed, or one differs in params, code, samplers, benchmarks or measures.
    """
    first, *others = runs
    for number, name in enumerate(others, start=1):
        seed = runs[name].params.get(SEED)
        twin = next((other for other in list(runs)[:number] if runs[other].params.get(SEED) == seed), None)
        if twin is not None:
            raise DataError(
                where=f"experiments {twin} and {name}",
                expected="seeds that differ",
                found=f"seed {seed} in both",
                hint="Make one with `dvc exp run -n seed-2 -S seed=2`.",
            )
        if found := _differences(runs[first], runs[name]):
            more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            raise DataError(
                where=f"experiment {name}",
                expected=f"nothing but another seed than {first}",
                found="; ".join(found[:SHOWN]) + more,
                hint="Make experiments of one state: `dvc exp run -n seed-2 -S seed=2`.",
            )


SHOWN = 3
"""So many differences are named."""


def changed_params(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """List the params in which two runs differ.

    Args:
        one: the content of a params.yaml.
        other: that of the other.

    Returns:
        Dotted key → both values; None where one lacks the key.
    """
    before, after = _flat(one), _flat(other)
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return {key: (before.get(key), after.get(key)) for key in keys}


def _differences(one: SeedRun, other: SeedRun) -> list[str]:
    params = {
        key: values
        for key, values in changed_params(one.params, other.params).items()
        if key != SEED and key.split(".")[0] not in WITHOUT_EFFECT
    }
    found = [f"{key}: {json.dumps(new)} instead of {json.dumps(old)}" for key, (old, new) in params.items()]
    both = sorted(one.fixed.keys() & other.fixed.keys())
    found += [f"another content of {name}" for name in both if one.fixed[name] != other.fixed[name]]
    if not found and _shape(one.metrics) != _shape(other.metrics):
        found.append("scores of other samplers, benchmarks or measures")
    return found


def _flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in params.items():
        name = f"{prefix}{key}"
        flat.update(_flat(value, f"{name}.") if isinstance(value, Mapping) and value else {name: value})
    return flat


def _shape(scores: Any) -> Any:
    return {key: _shape(value) for key, value in scores.items()} if isinstance(scores, dict) else None


def _benchmark(runs: Sequence[Metrics], benchmark: str) -> str:
    columns = _columns(next(iter(runs[0].values()))[benchmark])
    header = f"| {benchmark}, {len(runs)} seeds | " + " | ".join(columns.values()) + " |"
    rows = [
        f"| {sampler} | " + " | ".join(_cell(runs, sampler, benchmark, column) for column in columns) + " |"
        for sampler in runs[0]
        if benchmark in runs[0][sampler]  # some rivals cannot be scored on all
    ]
    claims = [
        _claim(runs, benchmark, *claim, columns[claim[-1]])
        for claim in CLAIMS
        if {claim[0], claim[2]} <= set(runs[0]) and claim[-1] in columns
    ]
    return "\n".join([header, "|---" * (len(columns) + 1) + "|", *rows, "", *claims])


def _columns(score: Mapping[str, Any]) -> dict[str, str]:
    """Return what a benchmark's metrics hold, settings and rank distance, with their names."""
    main = main_measure(score)
    named = {
        setting: f"{title} {named_column(main, setting, main).name}"
        for setting, title in SETTING_NAMES.items()
        if setting in score[main]
    }
    return named | ({RANK_DISTANCE: "rank distance"} if RANK_DISTANCE in score else {})


def main_measure(score: Mapping[str, Any]) -> str:
    """Name the measure that stands for a benchmark.

    Args:
        score: of one benchmark in a metrics file.

    Returns:
        Such as `map`.
    """
    return next(measure for measure in score if measure != RANK_DISTANCE)


def _values(runs: Sequence[Metrics], sampler: str, benchmark: str, column: str) -> list[float]:
    scores = [run[sampler][benchmark] for run in runs]
    return [
        score[RANK_DISTANCE] if column == RANK_DISTANCE else score[main_measure(score)][column]
        for score in scores
    ]


def _cell(runs: Sequence[Metrics], sampler: str, benchmark: str, column: str) -> str:
    values = _values(runs, sampler, benchmark, column)
    digits = 0 if column == RANK_DISTANCE else 3
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{spread}"


def _claim(
    runs: Sequence[Metrics], benchmark: str, one: str, relation: str, other: str, column: str, name: str
) -> str:
    ones, others = (_values(runs, sampler, benchmark, column) for sampler in (one, other))
    differences = [first - second for first, second in zip(ones, others, strict=True)]
    holds = sum(difference > 0 if relation == "above" else difference < 0 for difference in differences)
    digits = 1 if column == RANK_DISTANCE else 3
    shown = ", ".join(f"{difference:+.{digits}f}" for difference in differences)
    return f"- {one} {relation} {other}, {name}: in {holds} of {len(runs)} seeds ({shown})"
