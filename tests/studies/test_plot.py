"""Which rows of a table make curves."""

from hbir.studies.curves import series_of
from hbir.studies.study_table import StudyRow


def row(name: str, sampler: str = "hybrid") -> StudyRow:
    return StudyRow(name=name, sampler=sampler, beside=False, scores={}, contrasts={})


def test_numbers_are_points_and_names_are_not():
    rows = [
        row("1.0"),
        row("0.5"),
        row("16-0.5"),
        row("16-0.0"),
        row("xx", "xx"),
        row("merged-0.25", "merged-0.25"),
    ]
    series = series_of(rows)
    found = {name: [(x, point.name) for x, point in points] for name, points in series.items()}
    assert found == {
        "hybrid": [(0.5, "0.5"), (1.0, "1.0")],
        "16": [(0.0, "16-0.0"), (0.5, "16-0.5")],
        "merged": [(0.25, "merged-0.25")],
    }
