"""Show the comparison on a terminal of 100 columns."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, groupby

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from hbir.evaluation.results import SamplerResults
from hbir.reporting.columns import MISSING, Column
from hbir.reporting.scores import BenchmarkScores, Cell, Row, ScoreTable, benchmark_scores

LEGEND = "* best of the column   ▸ headline sampler   ↓ lower is better"


def show_comparison(results: Sequence[SamplerResults], headline: str, console: Console) -> None:
    """Print the comparison.

    Args:
        results: one entry per sampler.
        headline: the sampler to point at.
        console: where to.
    """
    console.print(comparison(results, headline))


def comparison(results: Sequence[SamplerResults], headline: str) -> RenderableType:
    """Lay out the scores of every benchmark.

    Args:
        results: one entry per sampler.
        headline: the sampler to point at.

    Returns:
        What a rich console prints, at most 100 columns wide.
    """
    return Group(*(part for scores in benchmark_scores(results) for part in _parts(scores, headline)))


def _parts(scores: BenchmarkScores, headline: str) -> Iterator[RenderableType]:
    yield Text.assemble((scores.name, "bold"), f"  {scores.description}", overflow="fold")
    yield _table([scores.main], headline)
    if scores.groups:
        yield Text("By group of queries")
        yield _table(list(scores.groups.values()), headline)
    if scores.final:
        yield Text("Best and final checkpoint with their steps, where they differ")
        yield _table([scores.final], headline)
    yield Text(LEGEND + "\n", style="dim")


def _table(tables: Sequence[ScoreTable], headline: str) -> Table:
    """Draw tables below each other, each setting as one column, so that its name stands over its measures."""
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    lines = [(row, dict(zip(table.columns, row.cells, strict=True))) for table in tables for row in table.rows]
    drawn = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    drawn.add_column("\nsampler", vertical="bottom", overflow="fold")
    drawn_columns = []
    for setting, members in groupby(columns, key=lambda column: column.setting_name):
        widths = {column: _width(column, [cells for _, cells in lines]) for column in members}
        drawn_columns.append(widths)
        names = "  ".join(f"{column.name:>{width - 1}} " for column, width in widths.items())
        drawn.add_column(f"{setting:^{len(names)}}\n{names}", no_wrap=True)
    ends = set(accumulate(len(table.rows) for table in tables))
    for number, (row, cells) in enumerate(lines, start=1):
        scores = [
            Text("  ").join(_text(cells.get(c), w) for c, w in widths.items()) for widths in drawn_columns
        ]
        drawn.add_row(_label(row, headline), *scores, end_section=number in ends)
    return drawn


def _width(column: Column, lines: Sequence[Mapping[Column, Cell]]) -> int:
    return 1 + max(
        len(text) for text in (column.name, *(line[column].text for line in lines if column in line))
    )


def _label(row: Row, headline: str) -> Text:
    mark, style = ("▸ ", "bold") if row.sampler == headline else ("  ", "")
    return Text.assemble((mark + row.sampler, style), f" {row.note}" if row.note else "")


def _text(cell: Cell | None, width: int) -> Text:
    if cell is None:
        return Text(f"{MISSING:>{width - 1}} ")
    mark, style = ("*", "bold") if cell.best else (" ", "")
    return Text(f"{cell.text:>{width - 1}}{mark}", style=style)
