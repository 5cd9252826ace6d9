"""Write the comparison as GitHub Markdown."""

import re
from collections.abc import Sequence

from hbir.evaluation.measures import RANK_DISTANCE
from hbir.evaluation.results import SamplerResults
from hbir.reporting import verdicts
from hbir.reporting.bias import bias_table
from hbir.reporting.bias_names import BIAS_NAMES
from hbir.reporting.columns import Column
from hbir.reporting.rivals import rivals
from hbir.reporting.scores import BenchmarkScores, Row, ScoreTable, benchmark_scores
from hbir.reporting.verdicts import Found, VerdictRow, bias_rows, untested, verdict_rows

LEGEND = "Bold: best of the column. ↓: lower is better. ▸: headline sampler."


def comparison_markdown(results: Sequence[SamplerResults], headline: str, found: Found = None) -> str:
    """Write the scores of every benchmark as tables.

    Args:
        results: one entry per sampler.
        headline: the sampler to point at.
        found: the headline's differences to the others, where they were looked for.

    Returns:
        Markdown that ends in a newline.
    """
    sections = [
        _section(scores, bias_table(results, scores.name), headline, found)
        for scores in benchmark_scores(results)
    ]
    legend = f"{LEGEND} {verdicts.LEGEND[0].upper()}{verdicts.LEGEND[1:]}" if found else LEGEND
    about = [f"- {escaped(name)}: {escaped(text)}" for name, text in rivals(results).items()]
    return "\n\n".join([*sections, *(["\n".join(about)] if about else []), legend]) + "\n"


def markdown_table(table: ScoreTable, headline: str, below: Sequence[VerdictRow] = ()) -> str:
    """Write one table, the best of each column bold.

    Args:
        table: the scores.
        headline: the sampler to point at.
        below: what may be said of it beside others.

    Returns:
        Markdown without a newline at its end.
    """
    rows = [line(_cells(row, headline)) for row in table.rows]
    rows += [line([f"▸ vs {escaped(row.other)}", *row.words]) for row in below]
    return "\n".join([*headings(table.columns), *rows])


def headings(columns: Sequence[Column]) -> list[str]:
    """Write the head of a table with samplers as rows.

    Args:
        columns: what follows the sampler.

    Returns:
        Two lines.
    """
    names = ["sampler", *map(_heading, columns)]
    return [line(names), line(["---", *("---:" for _ in columns)])]


def line(cells: Sequence[str]) -> str:
    """Write one line of a table.

    Args:
        cells: Markdown.

    Returns:
        The line without a newline.
    """
    return f"| {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """Write text so that Markdown shows it as it is.

    Args:
        text: any.

    Returns:
        Markdown.
    """
    return re.sub(r"([\\`*_<>|\[\]])", r"\\\1", text)


def _section(scores: BenchmarkScores, bias: ScoreTable, headline: str, found: Found) -> str:
    main = markdown_table(scores.main, headline, verdict_rows(scores, found))
    parts = [f"### {escaped(scores.name)}", escaped(scores.description), main, *untested(scores, found)]
    if bias.columns:
        below = bias_rows(scores.name, bias.columns, found)
        parts += ["Language bias, in the pool of all languages:", markdown_table(bias, headline, below)]
    for group, table in scores.groups.items():
        parts += [f"Queries of the group {escaped(group)}:", markdown_table(table, headline)]
    if scores.final:
        parts += [
            "Best and final checkpoint with their steps, where they differ:",
            markdown_table(scores.final, headline),
        ]
    return "\n\n".join(parts)


def _cells(row: Row, headline: str) -> list[str]:
    label = escaped(f"{row.sampler}, {row.note}" if row.note else row.sampler)
    scores = [f"**{cell.text}**" if cell.best else cell.text for cell in row.cells]
    return [f"▸ {label}" if row.sampler == headline else label, *scores]


def _heading(column: Column) -> str:
    in_one_setting = column.measure == RANK_DISTANCE or column.measure in BIAS_NAMES
    return column.name if in_one_setting else f"{column.setting_name} {column.name}"
