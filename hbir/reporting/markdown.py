"""Write the comparison as GitHub Markdown."""

import re
from collections.abc import Sequence

from hbir.evaluation.results import SamplerResults
from hbir.reporting.scores import BenchmarkScores, Row, ScoreTable, benchmark_scores

LEGEND = "Bold: best of the column. ↓: lower is better. ▸: headline sampler."


def comparison_markdown(results: Sequence[SamplerResults], headline: str) -> str:
    """Write the scores of every benchmark as tables.

    Args:
        results: one entry per sampler.
        headline: the sampler to point at.

    Returns:
        Markdown that ends in a newline.
    """
    sections = [_section(scores, headline) for scores in benchmark_scores(results)]
    return "\n\n".join([*sections, LEGEND]) + "\n"


def markdown_table(table: ScoreTable, headline: str) -> str:
    """Write one table, the best of each column bold.

    Args:
        table: the scores.
        headline: the sampler to point at.

    Returns:
        Markdown without a newline at its end.
    """
    names = ["sampler", *(_heading(column.setting_name, column.name) for column in table.columns)]
    rule = ["---", *("---:" for _ in table.columns)]
    return "\n".join(_line(cells) for cells in (names, rule, *(_cells(row, headline) for row in table.rows)))


def _section(scores: BenchmarkScores, headline: str) -> str:
    parts = [f"### {_escape(scores.name)}", _escape(scores.description), markdown_table(scores.main, headline)]
    for group, table in scores.groups.items():
        parts += [f"Queries of the group {_escape(group)}:", markdown_table(table, headline)]
    if scores.final:
        parts += [
            "Best and final checkpoint with their steps, where they differ:",
            markdown_table(scores.final, headline),
        ]
    return "\n\n".join(parts)


def _cells(row: Row, headline: str) -> list[str]:
    label = _escape(f"{row.sampler}, {row.note}" if row.note else row.sampler)
    scores = [f"**{cell.text}**" if cell.best else cell.text for cell in row.cells]
    return [f"▸ {label}" if row.sampler == headline else label, *scores]


def _heading(setting: str, measure: str) -> str:
    return measure if measure.startswith("rank distance") else f"{setting} {measure}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_<>|\[\]])", r"\\\1", text)
