"""Keep the numbers of a report in a folder of small files, from which its tables and figures are made again.

`scores.csv` and `differences.csv` hold the tables, `languages.csv`, `monolingual.csv` and `distances.csv` what
is behind them, and `about.json` where they are from, and how the tables are laid out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hbir.core.errors import DataError
from hbir.core.files import read_json, write_json
from hbir.reporting.columns import Column
from hbir.studies.about import About
from hbir.studies.csv_files import contrast_of, differences_csv, read_lines, score_of, scores_csv
from hbir.studies.evidence import Evidence
from hbir.studies.evidence_files import evidence_layout, read_evidence, write_evidence
from hbir.studies.study_table import StudyRow, StudyTable

ABOUT, SCORES, DIFFERENCES = "about.json", "scores.csv", "differences.csv"
_Lines = Mapping[tuple[str, ...], Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Hold all numbers of a report."""

    about: About
    tables: Sequence[StudyTable]
    evidence: Sequence[Evidence]


def write_numbers(numbers: Numbers, folder: Path) -> None:
    """Write the files.

    Args:
        numbers: of a report.
        folder: an existing folder.
    """
    layout = {
        "tables": [_layout(table) for table in numbers.tables],
        "evidence": [evidence_layout(one) for one in numbers.evidence],
    }
    write_json(folder / ABOUT, {**asdict(numbers.about), **layout})
    (folder / SCORES).write_text(scores_csv(numbers.tables), encoding="utf-8")
    (folder / DIFFERENCES).write_text(differences_csv(numbers.tables), encoding="utf-8")
    write_evidence(numbers.evidence, folder)


def read_numbers(folder: Path) -> Numbers:
    """Read the files.

    Args:
        folder: that `write_numbers` wrote to.

    Returns:
        The numbers, to the six decimals that the files have.

    Raises:
        DataError: when a file is missing or broken.
    """
    about = read_json(folder / ABOUT)
    try:
        layouts, behind = about.pop("tables"), about.pop("evidence")
        scores = _keyed(folder / SCORES, ())
        differences = _keyed(folder / DIFFERENCES, ("reference",))
        tables = [_table(layout, scores, differences) for layout in layouts]
        return Numbers(about=About(**about), tables=tables, evidence=read_evidence(folder, behind))
    except (KeyError, ValueError, TypeError) as error:  # pydantic's is a ValueError
        raise DataError(
            where=str(folder),
            expected="the files of a report",
            found=f"{type(error).__name__}: {error}",
            hint="Write them again with `hbir study report … --output`.",
        ) from error


def _layout(table: StudyTable) -> dict[str, Any]:
    return {
        "benchmark": table.benchmark,
        "version": table.version,
        "title": table.title,
        "queries": table.group,
        "reference": table.reference,
        "repeats": table.repeats,
        "seeds": list(table.seeds),
        "columns": [[column.setting, column.measure, column.label] for column in table.columns],
        "rows": [[row.name, row.sampler, row.beside] for row in table.rows],
    }


def _keyed(path: Path, more: Sequence[str]) -> _Lines:
    names = ("benchmark", "table", "queries", "row", "setting", "measure", *more)
    return {tuple(line[name] for name in names): line for line in read_lines(path)}


def _table(layout: dict[str, Any], scores: _Lines, differences: _Lines) -> StudyTable:
    columns = tuple(
        Column(setting=one, measure=measure, label=label) for one, measure, label in layout["columns"]
    )
    place = (layout["benchmark"], layout["title"], layout["queries"])
    reference = layout["reference"]

    def row(name: str, sampler: str, beside: bool) -> StudyRow:
        keys = {column: (*place, name, column.setting, column.measure) for column in columns}
        return StudyRow(
            name=name,
            sampler=sampler,
            beside=beside,
            scores={
                column: score_of(scores[key], layout["seeds"]) for column, key in keys.items() if key in scores
            },
            contrasts={
                column: contrast_of(differences[*key, reference])
                for column, key in keys.items()
                if (*key, reference) in differences
            },
        )

    return StudyTable(
        title=layout["title"],
        benchmark=layout["benchmark"],
        version=layout["version"],
        group=layout["queries"],
        reference=reference,
        columns=columns,
        rows=tuple(row(*one) for one in layout["rows"]),
        seeds=tuple(layout["seeds"]),
        repeats=layout["repeats"],
    )
