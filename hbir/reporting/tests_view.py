"""Arrange what the page shows of differences and their tests."""

from collections.abc import Sequence
from dataclasses import dataclass

from hbir.evaluation.differences import Difference
from hbir.reporting.columns import MISSING, Column, named_column
from hbir.reporting.numbers import bounds, change, effect_text, p_text
from hbir.reporting.scores import BenchmarkScores
from hbir.reporting.verdicts import (
    Found,
    VerdictRow,
    overall,
    untested,
    verdict_rows,
    word,
)


@dataclass(frozen=True, kw_only=True)
class TestLine:
    """Hold one line of the table of differences."""

    other: str
    column: Column
    change: str
    interval: str
    p: str
    effect: str
    clusters: int
    verdict: str


@dataclass(frozen=True, kw_only=True)
class LanguageTable:
    """Hold the differences to one sampler by language of the query."""

    other: str
    columns: tuple[Column, ...]
    rows: dict[str, tuple[tuple[str, str], ...]]
    """Language → difference and verdict per column."""


@dataclass(frozen=True, kw_only=True)
class TestsView:
    """Hold what the page shows of one benchmark's differences."""

    verdicts: list[VerdictRow]
    few: list[str]
    lines: list[TestLine]
    languages: list[LanguageTable]


def tests_view(scores: BenchmarkScores, found: Found) -> TestsView:
    """Arrange them.

    Args:
        scores: the tables of the benchmark.
        found: the headline's differences to the others, also on other benchmarks.

    Returns:
        What the page shows; empty lists where there are none.
    """
    main, rows = scores.main_measure, verdict_rows(scores, found)
    return TestsView(
        verdicts=rows,
        few=untested(scores, found),
        lines=[
            _line(one, named_column(main, one.setting, one.measure))
            for row in rows
            for one in overall(found, scores.name)
            if one.other == row.other
        ],
        languages=_by_language(scores, found or ()),
    )


def _line(one: Difference, column: Column) -> TestLine:
    return TestLine(
        other=one.other,
        column=column,
        change=change(column, one.value),
        interval=bounds(column, one.interval).strip() or MISSING,
        p=p_text(one.p).removeprefix("p ") or MISSING,
        effect=effect_text(one.effect).removeprefix("d ") or MISSING,
        clusters=one.clusters,
        verdict=one.verdict,
    )


def _by_language(scores: BenchmarkScores, found: Sequence[Difference]) -> list[LanguageTable]:
    """Make no table where there is one language: it would repeat the means over all."""
    chosen = [one for one in found if one.benchmark == scores.name and one.family == "languages"]
    languages = sorted({one.language for one in chosen})
    if len(languages) < 2:
        return []
    cells = {(one.other, one.language, one.setting, one.measure): one for one in chosen}
    columns = tuple(c for c in scores.main.columns if any((c.setting, c.measure) == key[2:] for key in cells))
    return [
        LanguageTable(
            other=other,
            columns=columns,
            rows={
                language: tuple(
                    _cell(column, cells.get((other, language, column.setting, column.measure)))
                    for column in columns
                )
                for language in languages
            },
        )
        for other in dict.fromkeys(one.other for one in chosen)
    ]


def _cell(column: Column, one: Difference | None) -> tuple[str, str]:
    return (change(column, one.value), word(one)) if one else (MISSING, MISSING)
