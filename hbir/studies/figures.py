"""Draw all figures of a report from its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hbir.studies.distance_plot import distance_plot
from hbir.studies.evidence import Evidence
from hbir.studies.folder import Numbers
from hbir.studies.ink import Drawing, slug
from hbir.studies.matrices import preference_matrices, score_matrices
from hbir.studies.plot import drawn
from hbir.studies.study_table import StudyTable

Place = tuple[str, str]
"""A benchmark, and the title of a table."""

LANGUAGES = (
    "Score by the languages of query (row) and passages (column), on one scale from 0 to 1. The diagonal is "
    "monolingual."
)
PREFERENCES = (
    "Who prefers whom: the share of the first ten passages that is in the column's language, for queries in "
    "the row's, minus that language's share of the pool. Blue: more than a ranking without preferences has. "
    "Orange: less. One scale."
)
DISTANCES = (
    "Rank distances of single queries: from the best-ranked to the worst-ranked passage of an answer. Further "
    "up and left is better."
)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Hold a drawing and what stands below it."""

    drawing: Drawing
    caption: str


def draw_all(numbers: Numbers, folder: Path) -> Mapping[Place, Sequence[Figure]]:
    """Draw every table but those of groups of queries.

    Args:
        numbers: of a report.
        folder: where the files go.

    Returns:
        The figures of each table, in their order.
    """
    behind = {(one.benchmark, one.title): one for one in numbers.evidence}
    found: dict[Place, list[Figure]] = {}
    for table in numbers.tables:
        place = table.benchmark, table.title
        if table.group or table.repeats:
            continue
        name = slug(place)
        found[place] = [
            Figure(drawing=drawing, caption=_caption(table, numbers.about.axis))
            for drawing in drawn(table, numbers.about.axis, folder, name)
        ]
        if place in behind:
            found[place] += _behind(behind[place], _pair(numbers.tables, table), folder, name)
    return found


def _behind(one: Evidence, rows: Sequence[str], folder: Path, name: str) -> list[Figure]:
    made = (
        (score_matrices(one, rows, folder / f"{name}-languages.svg"), LANGUAGES),
        (preference_matrices(one, rows, folder / f"{name}-preferences.svg"), PREFERENCES),
        (distance_plot(one, folder / f"{name}-distances.svg"), DISTANCES),
    )
    return [Figure(drawing=drawing, caption=caption) for drawing, caption in made if drawing]


def _pair(tables: Sequence[StudyTable], table: StudyTable) -> list[str]:
    """Choose two rows for the matrices: the two references, or the reference and the last row."""
    place = table.benchmark, table.title, table.group
    named = [one.reference for one in tables if (one.benchmark, one.title, one.group) == place]
    others = [row.name for row in reversed(table.rows) if row.name != table.reference]
    return list(dict.fromkeys([*named, *others]))[:2]


def _caption(table: StudyTable, axis: str | None) -> str:
    bars = "bands" if axis else "bars"
    seeds = " Small marks: single seeds." if len(table.seeds) > 1 else ""
    if axis:
        return f"Means over seeds; {bars}: 95 % intervals.{seeds}"
    return f"From `{table.reference}`, the square, to each row; {bars}: 95 % intervals.{seeds}"
