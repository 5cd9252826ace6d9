"""Write a study's scores and differences as CSV."""

from collections.abc import Iterator, Sequence

from hbir.evaluation.intervals import Interval
from hbir.reporting.csv_lines import csv_lines
from hbir.studies.study_table import StudyTable

SCORES = (
    "benchmark",
    "table",
    "queries",
    "row",
    "setting",
    "measure",
    "mean",
    "spread",
    "low",
    "high",
)
"""`queries` is a group of them, empty for all; `spread` is empty where there is one seed. Behind
these comes a column for each seed."""
DIFFERENCES = (
    *SCORES[:4],
    "reference",
    "setting",
    "measure",
    "difference",
    "low",
    "high",
    "p",
    "effect",
    "clusters",
    "clusters_needed",
    "verdict",
)
"""`p` is corrected within its table, and empty where there are too few clusters."""


def scores_csv(tables: Sequence[StudyTable]) -> str:
    """Write every score.

    Args:
        tables: of one study, with the same seeds.

    Returns:
        A header, and a line for each.
    """
    seeds = tables[0].seeds if tables else ()
    return csv_lines([(*SCORES, *(f"seed {seed}" for seed in seeds)), *_scores(tables)])


def differences_csv(tables: Sequence[StudyTable]) -> str:
    """Write every difference to a reference.

    Args:
        tables: of one study.

    Returns:
        A header, and a line for each.
    """
    return csv_lines([DIFFERENCES, *_differences(tables)])


def _scores(tables: Sequence[StudyTable]) -> Iterator[Sequence[object]]:
    for table in tables:
        for row in table.rows if not table.repeats else ():
            for column, score in row.scores.items():
                numbers = (score.mean, score.spread, *_bounds(score.interval))
                place = (table.benchmark, table.title, table.group, row.name, column.setting, column.measure)
                yield *place, *map(_number, (*numbers, *score.by_seed))


def _differences(tables: Sequence[StudyTable]) -> Iterator[Sequence[object]]:
    for table in tables:
        for row in table.rows:
            for column, one in row.contrasts.items():
                numbers = (one.value, *_bounds(one.interval), one.p, one.effect)
                yield (
                    *(table.benchmark, table.title, table.group, row.name, table.reference),
                    *(column.setting, column.measure, *map(_number, numbers)),
                    *(one.clusters, one.needed, one.verdict),
                )


def _bounds(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval else (None, None)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"
