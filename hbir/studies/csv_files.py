"""Write a study's scores and differences as CSV, and read them again."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from hbir.core.errors import DataError
from hbir.evaluation.differences import Verdict
from hbir.evaluation.intervals import Interval
from hbir.reporting.csv_lines import csv_lines
from hbir.studies.study_table import Contrast, Score, StudyTable

_VERDICT: TypeAdapter[Verdict] = TypeAdapter(Verdict)
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
CONTRAST = ("difference", "low", "high", "p", "effect", "clusters", "clusters_needed", "verdict")
DIFFERENCES = (*SCORES[:4], "reference", "setting", "measure", *CONTRAST)
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


def read_lines(path: Path) -> list[dict[str, str]]:
    """Read a file with a header.

    Args:
        path: of the file.

    Returns:
        Its lines by the names of columns.

    Raises:
        DataError: when there is no such file.
    """
    if not path.is_file():
        raise DataError(
            where=str(path), expected="a file of a report", found="none", hint="`hbir study report` writes it."
        )
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def score_of(line: Mapping[str, str], seeds: Sequence[int]) -> Score:
    """Read a score.

    Args:
        line: of `scores_csv`.
        seeds: in their order.

    Returns:
        It.
    """
    return Score(by_seed=tuple(float(line[f"seed {seed}"]) for seed in seeds), interval=interval_of(line))


def contrast_of(line: Mapping[str, str]) -> Contrast:
    """Read a difference.

    Args:
        line: of `differences_csv`, or of another file that ends with `contrast_cells`.

    Returns:
        It.
    """
    return Contrast(
        value=float(line["difference"]),
        interval=interval_of(line),
        p=_read(line["p"]),
        effect=_read(line["effect"]),
        verdict=_VERDICT.validate_python(line["verdict"]),
        clusters=int(line["clusters"]),
        needed=int(line["clusters_needed"]),
    )


def interval_of(line: Mapping[str, str]) -> Interval | None:
    """Read bounds.

    Args:
        line: with `low` and `high`.

    Returns:
        The interval; None where they are empty.
    """
    low, high = _read(line["low"]), _read(line["high"])
    return None if low is None or high is None else Interval(low=low, high=high)


def contrast_cells(one: Contrast) -> tuple[object, ...]:
    """Write a difference.

    Args:
        one: it.

    Returns:
        What stands in the columns of CONTRAST.
    """
    numbers = (one.value, *_bounds(one.interval), one.p, one.effect)
    return (*map(number, numbers), one.clusters, one.needed, one.verdict)


def _scores(tables: Sequence[StudyTable]) -> Iterator[Sequence[object]]:
    for table in tables:
        for row in table.rows if not table.repeats else ():
            for column, score in row.scores.items():
                numbers = (score.mean, score.spread, *_bounds(score.interval))
                place = (table.benchmark, table.title, table.group, row.name, column.setting, column.measure)
                yield *place, *map(number, (*numbers, *score.by_seed))


def _differences(tables: Sequence[StudyTable]) -> Iterator[Sequence[object]]:
    for table in tables:
        for row in table.rows:
            for column, one in row.contrasts.items():
                place = (table.benchmark, table.title, table.group, row.name, table.reference)
                yield *place, column.setting, column.measure, *contrast_cells(one)


def _bounds(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval else (None, None)


def _read(text: str) -> float | None:
    return float(text) if text else None


def number(value: float | None) -> str:
    """Write a number.

    Args:
        value: it; None where there is none.

    Returns:
        Six decimals, or nothing.
    """
    return "" if value is None else f"{value:.6f}"
