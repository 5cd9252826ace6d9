"""Show the comparison of the scores in this folder again."""

import click
from rich.console import Console, RenderableType

from hbir.core.params import read_params
from hbir.core.paths import SCORES
from hbir.core.project import read_project
from hbir.core.rows import compared_rows
from hbir.evaluation.comparable import refuse_unlike
from hbir.evaluation.results import read_results
from hbir.reporting.difference_file import differences_csv
from hbir.reporting.intervals import intervals, intervals_markdown
from hbir.reporting.markdown import comparison_markdown
from hbir.reporting.score_lines import comparison_csv
from hbir.reporting.terminal import comparison
from hbir.reporting.verdicts import compared, differences


@click.command()
@click.option(
    "--intervals",
    "with_intervals",
    is_flag=True,
    help="Show 95 % confidence intervals, and the differences to the headline sampler with theirs, p values "
    "and effect sizes.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["terminal", "markdown", "csv"]),
    default="terminal",
    help="Markdown can be pasted into a document. CSV has every mean, also those that no table has room for; "
    "with `--intervals`, the differences as in reports/differences.csv.",
)
def compare(with_intervals: bool, style: str) -> None:
    """Show the comparison of the scores in this folder again.

    The headline sampler is called better or worse than another only where a paired randomisation test over the
    queries, corrected for all comparisons of the table, is significant. Intervals and tests over several seeds:
    `python -m hbir seeds EXPERIMENTS --intervals`.
    """
    params = read_params()
    project = read_project(params)
    results = read_results(SCORES, compared_rows(params))
    refuse_unlike(results)
    shown: RenderableType
    if style == "csv":
        shown = (
            differences_csv(compared(results, project.sampler)) if with_intervals else comparison_csv(results)
        )
    elif with_intervals:
        found = intervals if style == "terminal" else intervals_markdown
        shown = found(results, project.sampler)
    else:
        laid = comparison if style == "terminal" else comparison_markdown
        shown = laid(results, project.sampler, differences(results, project.sampler))
    click.echo(shown, nl=False) if isinstance(shown, str) else Console().print(shown)
