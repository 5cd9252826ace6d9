"""Write every difference with its interval, p and effect size as CSV."""

from collections.abc import Iterator, Sequence

from hbir.evaluation.differences import Difference
from hbir.reporting.csv_lines import csv_lines

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


def differences_csv(found: Sequence[Difference]) -> str:
    """Write them, the same text for the same differences.

    Args:
        found: a line for each.

    Returns:
        The header and the lines, each with its newline.
    """
    return csv_lines([HEADER, *map(list, map(_line, found))])


def _line(one: Difference) -> Iterator[str | int]:
    bounds = one.interval
    yield from (one.benchmark, one.family, one.setting, one.language, one.measure, one.one, one.other)
    numbers = (one.value, bounds and bounds.low, bounds and bounds.high, one.p, one.effect)
    yield from ("" if number is None else f"{number:.6f}" for number in numbers)
    yield from (one.clusters, one.needed, one.verdict)
