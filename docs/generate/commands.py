"""Write the page of the commands from the command line itself."""

import inspect
from collections.abc import Iterator

import click

from docs.generate.markdown import code, item, paragraph, plain
from hbir import cli

INTRODUCTION = """All commands are `python -m hbir COMMAND`, in the project's folder; `python -m hbir COMMAND
--help` says the same as this page. DVC calls the stages; the tools are for you."""


def page() -> str:
    """Write the page.

    Returns:
        Its Markdown.
    """
    parts = ["# Commands\n\n", paragraph(INTRODUCTION)]
    for title, names in (("Tools", cli.TOOLS), ("Stages", cli.STAGES)):
        parts.append(f"## {title}\n\n")
        for name in names:
            parts += _command(name)
    return "".join(parts)


def _command(name: str) -> Iterator[str]:
    context = click.Context(cli.hbir, info_name="python -m hbir")
    command = cli.hbir.resolve_command(context, [name])[1]
    if command is None:
        raise click.UsageError(f"No such command {name!r}.")
    yield from _described(command, click.Context(command, info_name=name, parent=context), name)


def _described(command: click.Command, context: click.Context, name: str) -> Iterator[str]:
    """Describe a command, and those below it."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"### {name}\n\n```text\n{usage}\n```\n\n"
    for block in inspect.cleandoc(command.help or "").split("\n\n"):
        yield paragraph(plain(block))
    options = "".join(_option(option) for option in command.params if isinstance(option, click.Option))
    if options:
        yield f"{options}\n"
    if isinstance(command, click.Group):
        for below, inner in command.commands.items():
            yield from _described(
                inner, click.Context(inner, info_name=below, parent=context), f"{name} {below}"
            )


def _option(option: click.Option) -> str:
    names = ", ".join(f"**{code(name)}**" for name in [*option.opts, *option.secondary_opts])
    takes = "" if option.is_flag else f" {_metavar(option)}"
    default = f" Default: {code(str(option.default))}." if option.show_default and not option.is_flag else ""
    return item(f"{names}{takes}: {option.help or ''}{default}")


def _metavar(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return ", ".join(map(code, option.type.choices))
    return code(option.metavar or option.type.name.upper().removesuffix(" RANGE"))
