"""Show confidence intervals on the terminal and as Markdown."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hbir.evaluation.intervals import LEVEL, RESAMPLES
from hbir.evaluation.results import SamplerResults
from hbir.reporting.intervals import Estimate, IntervalTable, interval_table
from hbir.reporting.markdown import escaped, headings, line
from hbir.reporting.scores import benchmark_scores

LEGEND = (
    f"[ ]: {100 * LEVEL:.0f} % percentile bootstrap over {RESAMPLES:,} resamples of the questions, the same "
    "for every sampler, translations of one question together. It covers the choice of questions, not the "
    "training's seed (`hbir seeds`); nothing is corrected for the number of comparisons. Bold: a difference "
    "whose interval leaves out 0."
)


def intervals_markdown(results: Sequence[SamplerResults], headline: str) -> str:
    """Write the main measure of every benchmark with intervals as GitHub Markdown.

    Args:
        results: one entry per sampler.
        headline: the sampler whose differences to the others are shown.

    Returns:
        Markdown that ends in a newline.
    """
    sections = []
    for scores in benchmark_scores(results):
        table = interval_table(scores, results, headline)
        shown = [i for i, c in enumerate(table.columns) if c.measure in (scores.main_measure, "rank_distance")]
        rows = [
            line([escaped(name), *(_marked(cells[index]) for index in shown)])
            for name, cells in (table.scores | table.differences).items()
        ]
        header = headings([table.columns[index] for index in shown])
        sections += [f"### {escaped(scores.name)}", escaped(scores.description), "\n".join([*header, *rows])]
    return "\n\n".join([*sections, LEGEND]) + "\n"


def intervals(results: Sequence[SamplerResults], headline: str) -> RenderableType:
    """Lay out the scores of every benchmark with intervals, a table per setting.

    Args:
        results: one entry per sampler.
        headline: the sampler whose differences to the others are shown.

    Returns:
        What a rich console prints.
    """
    parts: list[RenderableType] = []
    for scores in benchmark_scores(results):
        parts.append(
            Text.assemble(
                ("\n" if parts else "", ""), (scores.name, "bold"), f"  {scores.description}", overflow="fold"
            )
        )
        parts += _tables(interval_table(scores, results, headline))
    return Group(*parts, Text("\n" + LEGEND + "\n", style="dim"))


def _tables(table: IntervalTable) -> Iterator[RenderableType]:
    for setting, members in groupby(enumerate(table.columns), key=lambda member: member[1].setting):
        shown = list(members)
        number = table.questions.get(setting)
        title = shown[0][1].setting_name + (f", {number:,} questions" if number else "")
        yield Text()
        drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
        drawn.add_column("sampler", overflow="fold")
        for _, column in shown:
            drawn.add_column(column.name)
        for rows in (table.scores, table.differences):
            for name, cells in rows.items():
                texts = [Text(cells[i].text, style="bold" if cells[i].clear else "") for i, _ in shown]
                drawn.add_row(name, *texts)
            drawn.add_section()
        yield drawn


def _marked(cell: Estimate) -> str:
    return f"**{cell.text}**" if cell.clear else cell.text
