"""Write the parts of a report that its pages share."""

from collections.abc import Iterator, Sequence

from hbir.studies.about import About
from hbir.studies.conclusions import by_column, conclusion
from hbir.studies.figures import Figure
from hbir.studies.folder import Numbers
from hbir.studies.markdown import table_markdown
from hbir.studies.study_table import StudyTable
from hbir.studies.words import listed


def answers(numbers: Numbers) -> Iterator[str]:
    """Answer the question, as the tests allow.

    Args:
        numbers: of a report.

    Yields:
        A paragraph for each table.
    """
    several = len(numbers.tables) > 1
    for table in numbers.tables:
        yield f"**{title_of(table)}**: {conclusion(table)}" if several else conclusion(table)
    if left_out := numbers.about.left_out:
        yield f"Not all of it: {listed(left_out, 5)} {'is' if len(left_out) == 1 else 'are'} left out."


def section(table: StudyTable, figures: Sequence[Figure], folder: str = "") -> Iterator[str]:
    """Show a table with its figures.

    Args:
        table: rows beside their reference.
        figures: of it.
        folder: of the figures, from the page; empty or with a slash behind it.

    Yields:
        Its parts, below a heading of the second level.
    """
    yield f"## {title_of(table)}"
    for figure in figures:
        yield from figure_markdown(figure, folder)
    yield "\n".join(by_column(table))
    yield table_markdown(table)


def figure_markdown(figure: Figure, folder: str) -> Iterator[str]:
    """Show a figure.

    Args:
        figure: it.
        folder: as `section` takes it.

    Yields:
        The picture, and its caption.
    """
    yield f"![{figure.drawing.alt}]({folder}{figure.drawing.path.name})"
    yield figure.caption


def how(about: About) -> Iterator[str]:
    """Say how the experiments are made again.

    Args:
        about: where the numbers are from.

    Yields:
        Paragraphs and blocks.
    """
    yield (
        f"{counted(len(about.experiments), 'experiment')}, {counted(len(about.seeds), 'seed')} "
        f"({listed([str(seed) for seed in about.seeds])}), from commit `{about.commit}`:"
    )
    commands = [
        f"git checkout {about.commit[:10]}",
        f"python -m hbir study run {about.arguments}",
        f"python -m hbir study report {about.arguments}{' --partial' if about.left_out else ''}",
    ]
    yield "\n".join(["```console", *(f"$ {command}" for command in commands), "```"])
    yield "Every experiment has the params of that commit" + (", but for:" if about.changed else ".")
    for lines, before in ((about.changed, ""), (about.varied, "It varies:")):
        if lines:
            yield from filter(None, (before, "\n".join(["```text", *lines, "```"])))
    yield f"Made on: {about.machine}."


def title_of(table: StudyTable) -> str:
    """Name a table.

    Args:
        table: of a report.

    Returns:
        Its benchmark with the version, and what tells it from other tables of that.
    """
    parts = (
        f"{table.benchmark} {table.version}",
        table.title,
        table.group and f"{table.group} queries",
        f"beside `{table.reference}`" if table.repeats else "",
    )
    return ", ".join(filter(None, parts))


def counted(number: int, what: str) -> str:
    """Count things.

    Args:
        number: of them.
        what: one of them is.

    Returns:
        Such as `2 seeds`.
    """
    return f"{number} {what}{'' if number == 1 else 's'}"
