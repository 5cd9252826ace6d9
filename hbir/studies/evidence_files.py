"""Write as CSV what is behind the tables of a report, and read it again."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hbir.reporting.csv_lines import csv_lines
from hbir.reporting.distances import QUANTILES
from hbir.reporting.heat import Pairs
from hbir.studies.csv_files import CONTRAST, contrast_cells, contrast_of, number, read_lines
from hbir.studies.evidence import Evidence
from hbir.studies.study_table import Contrast

PLACE = ("benchmark", "table", "row")
PAIRS, ALONE, DISTANCES = "languages.csv", "monolingual.csv", "distances.csv"
_Lines = list[dict[str, str]]


def write_evidence(every: Sequence[Evidence], folder: Path) -> None:
    """Write the files.

    Args:
        every: of each table and benchmark.
        folder: an existing folder.
    """
    files = {
        PAIRS: ((*PLACE, "query_lang", "passage_lang", "score", "preference"), _pairs),
        ALONE: ((*PLACE, "reference", "language", *CONTRAST), _alone),
        DISTANCES: ((*PLACE, "share", "distance"), _distances),
    }
    for name, (header, lines) in files.items():
        text = csv_lines([header, *(line for one in every for line in lines(one))])
        (folder / name).write_text(text, encoding="utf-8")


def evidence_layout(one: Evidence) -> dict[str, Any]:
    """Say what the files do not.

    Args:
        one: of a table and benchmark.

    Returns:
        Plain values.
    """
    return {
        "benchmark": one.benchmark,
        "title": one.title,
        "reference": one.reference,
        "measure": one.measure,
        "languages": list(one.languages),
    }


def read_evidence(folder: Path, layouts: Sequence[Mapping[str, Any]]) -> list[Evidence]:
    """Read the files.

    Args:
        folder: that holds them.
        layouts: what `evidence_layout` returned.

    Returns:
        The evidence, to the decimals that the files have.
    """
    pairs, alone, distances = (read_lines(folder / name) for name in (PAIRS, ALONE, DISTANCES))
    return [
        Evidence(
            benchmark=layout["benchmark"],
            title=layout["title"],
            reference=layout["reference"],
            measure=layout["measure"],
            languages=tuple(layout["languages"]),
            pairs=_read_pairs(_of(layout, pairs), "score"),
            preferences=_read_pairs(_of(layout, pairs), "preference"),
            distances={
                row: tuple(float(line["distance"]) for line in lines)
                for row, lines in _by_row(_of(layout, distances)).items()
            },
            alone=_read_alone(_of(layout, alone)),
        )
        for layout in layouts
    ]


def _pairs(one: Evidence) -> Iterator[Sequence[object]]:
    for row in dict.fromkeys([*one.pairs, *one.preferences]):
        scores, preferences = one.pairs.get(row, {}), one.preferences.get(row, {})
        for pair in dict.fromkeys([*scores, *preferences]):
            yield one.benchmark, one.title, row, *pair, number(scores.get(pair)), number(preferences.get(pair))


def _alone(one: Evidence) -> Iterator[Sequence[object]]:
    for (row, language), change in one.alone.items():
        yield one.benchmark, one.title, row, one.reference, language, *contrast_cells(change)


def _distances(one: Evidence) -> Iterator[Sequence[object]]:
    for row, values in one.distances.items():
        for share, value in zip(QUANTILES, values, strict=True):
            yield one.benchmark, one.title, row, share, f"{value:g}"


def _of(layout: Mapping[str, Any], lines: _Lines) -> _Lines:
    place = layout["benchmark"], layout["title"]
    return [line for line in lines if (line["benchmark"], line["table"]) == place]


def _by_row(lines: _Lines) -> dict[str, _Lines]:
    found: dict[str, _Lines] = {}
    for line in lines:
        found.setdefault(line["row"], []).append(line)
    return found


def _read_pairs(lines: _Lines, column: str) -> dict[str, Pairs]:
    found = {
        row: {(line["query_lang"], line["passage_lang"]): float(line[column]) for line in some if line[column]}
        for row, some in _by_row(lines).items()
    }
    return {row: pairs for row, pairs in found.items() if pairs}


def _read_alone(lines: _Lines) -> dict[tuple[str, str], Contrast]:
    return {(line["row"], line["language"]): contrast_of(line) for line in lines}
