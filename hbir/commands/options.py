"""Hold the options that several commands have."""

from collections.abc import Callable
from typing import Any, TypeVar, get_args

import click

from hbir.core.precision import FP32, Precision

_Command = TypeVar("_Command", bound=Callable[..., Any])


def cluster_options(command: _Command) -> _Command:
    """Add the options that name a Ray cluster.

    Args:
        command: takes `cluster` and `workers`.

    Returns:
        The command with them.
    """
    address = "Ray cluster that embeds passages: `auto`, `local` or its address."
    processes = click.option(
        "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes on the cluster."
    )
    return click.option("--cluster", metavar="ADDRESS", help=address)(processes(command))


def embedding_options(command: _Command) -> _Command:
    """Add the options that say how a model embeds.

    Args:
        command: takes `precision`, `query_prompt`, `document_prompt` and `trust_remote_code`.

    Returns:
        The command with them.
    """
    options = (
        click.option(
            "--precision",
            type=click.Choice(get_args(Precision)),
            default=FP32,
            show_default=True,
            help="In which texts are embedded; it is named beside scores.",
        ),
        click.option("--query-prompt", help="What goes before a query, in place of the model's own."),
        click.option("--document-prompt", help="What goes before a passage, in place of the model's own."),
        click.option("--trust-remote-code", is_flag=True, help="Run code that comes with the model."),
    )
    for option in reversed(options):
        command = option(command)
    return command
