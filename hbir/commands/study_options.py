"""Say which form of which study a command means."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from hbir.studies.study_file import FULL, SMALL

F = TypeVar("F", bound=Callable[..., Any])


def question_options(command: F) -> F:
    """Add what says which form of which study is meant."""
    options = [
        click.argument("name"),
        click.option("--small", is_flag=True, help="The form that runs in minutes, on the embedded corpus."),
        click.option("--form", help="Another form that the file names."),
        click.option(
            "--set-param",
            "-S",
            "changes",
            multiple=True,
            metavar="KEY=VALUE",
            help="Change a param of every experiment.",
        ),
        click.option("--only", multiple=True, help="Only this value of the sweep, seed-<n>, or experiment."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def form_of(small: bool, form: str | None) -> str:
    """Name the form.

    Args:
        small: whether `--small` is given.
        form: what `--form` names.

    Returns:
        Its name.

    Raises:
        UsageError: when they name two.
    """
    if small and form not in (None, SMALL):
        raise click.UsageError("--small and --form name two forms.")
    return SMALL if small else form or FULL
