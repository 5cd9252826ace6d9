"""Compare the experiments of a study, and show what came out."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from hbir.cli import require_project
from hbir.commands.study_options import form_of, question_options
from hbir.studies.ask import Question, ask

FOLDER = click.Path(path_type=Path, file_okay=False)
F = TypeVar("F", bound=Callable[..., Any])


def _pages(command: F) -> F:
    """Add the pages that show a report."""
    option = click.option(
        "--page",
        "pages",
        multiple=True,
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Another page whose marked parts are filled, beside the folder's index.md.",
    )
    return option(command)


@click.command()
@question_options
@click.option("--baseline", default="HEAD", help="The commit that the experiments started from.")
@click.option("--partial", is_flag=True, help="Do with the experiments that are there.")
@click.option(
    "--output", type=FOLDER, help="Keep the numbers here too, to commit them, and draw them as `draw`."
)
@_pages
def report(
    name: str,
    small: bool,
    form: str | None,
    changes: tuple[str, ...],
    only: tuple[str, ...],
    baseline: str,
    partial: bool,
    output: Path | None,
    pages: tuple[Path, ...],
) -> None:
    """Compare the experiments of NAME: tables, tests, figures and CSV, in studies/reports/NAME/."""
    from hbir.studies.collect import complete
    from hbir.studies.conclusions import conclusion
    from hbir.studies.pages import check_pages, publish
    from hbir.studies.report import PAGE, measured, write_report

    require_project()
    if output:
        check_pages(pages_of(output, pages), output.name)
    asked = ask(Question(name, form_of(small, form), changes, only, baseline))
    used = complete(asked.found, asked.baseline, asked.study.name, partial)
    numbers = measured(asked, used)
    folder = write_report(asked.study, numbers, asked.baseline.root)
    click.echo(asked.study.question)
    for table in numbers.tables:
        place = " ".join(filter(None, (table.benchmark, table.title, table.group)))
        click.echo(f"{place}: {conclusion(table)}")
    click.echo(f"Report: {os.path.relpath(folder / PAGE)}")
    if output:
        publish(numbers, output, pages_of(output, pages))


@click.command()
@click.argument("folder", type=FOLDER)
@_pages
def draw(folder: Path, pages: tuple[Path, ...]) -> None:
    """Draw FOLDER again from the numbers that `report --output` kept in it, and fill its pages."""
    from hbir.studies.pages import draw as draw_folder

    require_project()
    draw_folder(folder, pages_of(folder, pages))


def pages_of(folder: Path, pages: Sequence[Path]) -> list[Path]:
    """Say which pages are filled.

    Args:
        folder: of a report.
        pages: that were named.

    Returns:
        The folder's own, where there is one, and these.
    """
    from hbir.studies.pages import INDEX

    own = folder / INDEX
    return list(dict.fromkeys([*([own] if own.is_file() else []), *pages]))
