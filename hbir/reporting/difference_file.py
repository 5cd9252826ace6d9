"""Write every difference with its interval, p and effect size as CSV."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from hbir.evaluation.differences import Difference

HEADER = (
    "benchmark",
    "family",
    "setting",
    "query_lang",
    "measure",
    "sampler",
    "other",
    "difference",
    "low",
    "high",
    "p",
    "effect",
    "clusters",
    "clusters_needed",
    "verdict",
)
"""`query_lang` is empty for means over all; `p` is corrected within the benchmark's family, and empty where
there are too few clusters."""


def write_differences(path: Path, found: Sequence[Difference]) -> None:
    """Write them, the same bytes for the same differences.

    Args:
        path: the file.
        found: a line for each.
    """
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(map(list, map(_line, found)))


def _line(one: Difference) -> Iterator[str | int]:
    bounds = one.interval
    yield from (one.benchmark, one.family, one.setting, one.language, one.measure, one.one, one.other)
    numbers = (one.value, bounds and bounds.low, bounds and bounds.high, one.p, one.effect)
    yield from ("" if number is None else f"{number:.6f}" for number in numbers)
    yield from (one.clusters, one.needed, one.verdict)
