"""Find the rows of a table that make a curve."""

import re
from collections.abc import Sequence

from hbir.core.rows import MERGED
from hbir.studies.cells import numeric_axis
from hbir.studies.study_file import Study
from hbir.studies.study_table import StudyRow

_POINT = re.compile(r"(?:(.+)-)?(\d+(?:\.\d+)?)")
WEIGHTS = "λ, share of xx's weights"


def curve_axis(study: Study, rows: Sequence[StudyRow]) -> str | None:
    """Name what a curve is drawn against.

    Args:
        study: the study.
        rows: of one of its tables.

    Returns:
        The param of its numeric axis; or the share of weights, where three averages or more are rows; or None.
    """
    averages = sum(row.name.startswith(MERGED) for row in rows)
    return numeric_axis(study) or (WEIGHTS if averages > 2 else None)


def series_of(rows: Sequence[StudyRow]) -> dict[str, list[tuple[float, StudyRow]]]:
    """Group the rows that make curves.

    Args:
        rows: of a table.

    Returns:
        Series → number and row, in the order of the numbers. A row is of one if its name is `<series>-<number>`
        or a number alone, which makes it of the series of its sampler.
    """
    found: dict[str, list[tuple[float, StudyRow]]] = {}
    for row in rows:
        if match := _POINT.fullmatch(row.name):
            found.setdefault(match[1] or row.sampler, []).append((float(match[2]), row))
    return {name: sorted(points, key=lambda point: point[0]) for name, points in found.items()}
