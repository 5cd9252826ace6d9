"""Show the comparison of the scores in this folder again."""

import click
from rich.console import Console

from hbir.core.params import read_params
from hbir.core.paths import SCORES
from hbir.core.project import read_project
from hbir.evaluation.results import read_results
from hbir.reporting.markdown import comparison_markdown
from hbir.reporting.terminal import comparison


@click.command()
@click.option(
    "--intervals",
    "with_intervals",
    is_flag=True,
    help="Show 95 % confidence intervals, and the differences to the headline sampler with theirs.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["terminal", "markdown"]),
    default="terminal",
    help="Markdown can be pasted into a document.",
)
def compare(with_intervals: bool, style: str) -> None:
    """Show the comparison of the scores in this folder again."""
    project = read_project(read_params())
    results = read_results(SCORES, project.compared)
    markdown, terminal = comparison_markdown, comparison
    if with_intervals:
        # NumPy and Arrow take a second to import, and the plain comparison does without them.
        from hbir.reporting.intervals import intervals, intervals_markdown

        markdown, terminal = intervals_markdown, intervals
    if style == "markdown":
        click.echo(markdown(results, project.sampler), nl=False)
    else:
        Console().print(terminal(results, project.sampler))
