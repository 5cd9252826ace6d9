"""Show the comparison on a terminal of 80 columns."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from hbir.evaluation.results import SamplerResults
from hbir.reporting.columns import MISSING, Column
from hbir.reporting.scores import BenchmarkScores, Cell, Row, ScoreTable, benchmark_scores

LEGEND = "* best of the column   ▸ headline"
DISTANCE = "   distance: rank distance, lower is better"
SHORT = {"rank distance ↓": "distance ↓"}
"""Names that would make the table too wide."""


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
        What a rich console prints, at most 80 columns wide.
    """
    benchmarks = benchmark_scores(results)
    parts = [part for scores in benchmarks for part in (Text(), *_parts(scores, headline))][1:]
    has_distance = any(column.lower_is_better for scores in benchmarks for column in scores.main.columns)
    return Group(*parts, Text(LEGEND + (DISTANCE if has_distance else "") + "\n", style="dim"))


def _parts(scores: BenchmarkScores, headline: str) -> Iterator[RenderableType]:
    yield Text.assemble((scores.name, "bold"), f"  {scores.description}", overflow="fold")
    yield _table({"": scores.main}, headline)
    if scores.groups:
        yield Text("By group of queries")
        yield _table(dict(scores.groups), headline)
    if scores.final:
        yield Text("Best and final checkpoint with their steps, where they differ")
        yield _table({"": scores.final}, headline)


def _table(tables: Mapping[str, ScoreTable], headline: str) -> Table:
    """Draw tables below each other, each setting as one column, so that its name stands over its measures."""
    columns = list(dict.fromkeys(column for table in tables.values() for column in table.columns))
    lines = [_cells(table, row) for table in tables.values() for row in table.rows]
    drawn = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    drawn.add_column("\nsampler", vertical="bottom", overflow="fold")
    groups = []
    for setting, members in groupby(columns, key=lambda column: column.setting_name):
        widths = {column: _width(column, lines) for column in members}
        groups.append(widths)
        names = " ".join(f"{_name(column):>{width - 1}} " for column, width in widths.items())
        drawn.add_column(f"{setting:^{len(names)}}\n{names}", no_wrap=True)
    for title, table in tables.items():
        if title:
            drawn.add_row(Text(title, style="italic"))
        for row in table.rows:
            cells = _cells(table, row)
            scores = [Text(" ").join(_text(cells.get(c), w) for c, w in widths.items()) for widths in groups]
            drawn.add_row(_label(row, headline, noted=not title), *scores)
        drawn.add_section()
    return drawn


def _cells(table: ScoreTable, row: Row) -> dict[Column, Cell]:
    return dict(zip(table.columns, row.cells, strict=True))


def _name(column: Column) -> str:
    return SHORT.get(column.name, column.name)


def _width(column: Column, lines: Sequence[Mapping[Column, Cell]]) -> int:
    return 1 + max(
        len(text) for text in (_name(column), *(line[column].text for line in lines if column in line))
    )


def _label(row: Row, headline: str, noted: bool) -> Text:
    mark, style = ("▸ ", "bold") if row.sampler == headline else ("  ", "")
    return Text.assemble((mark + row.sampler, style), f" {row.note}" if row.note and noted else "")


def _text(cell: Cell | None, width: int) -> Text:
    if cell is None:
        return Text(f"{MISSING:>{width - 1}} ")
    mark, style = ("*", "bold") if cell.best else (" ", "")
    return Text(f"{cell.text:>{width - 1}}{mark}", style=style)
