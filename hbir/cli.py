"""Offer the `hbir` command: the pipeline's stages and the tools around them, each imported when it is used."""

import difflib
import importlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from hbir import __version__
from hbir.core.deferred import OPTIONAL, deferred
from hbir.core.errors import HbirError, ParamsError
from hbir.core.interrupt import Stopped, end_in_order
from hbir.core.place import find_place
from hbir.core.terminal import tolerate_terminal

STAGES = {
    "inputs": "Check params.yaml, and the files that it names.",
    "collect": "Collect English question-passage pairs.",
    "translate": "Translate the pairs into one language.",
    "build-batches": "Plan every batch of every sampler.",
    "encoder": "Make the encoder that every sampler starts from.",
    "train": "Train one sampler on its plan.",
    "merge-samplers": "Average the trained xx and xy.",
    "score": "Score one sampler's model, or a rival, on the benchmarks.",
    "evaluate": "Compare the samplers and write the reports.",
}
TOOLS = {
    "repro": "Run the pipeline, several trainings or scorings at a time.",
    "debias": "Take the language bias out of any encoder with your own parallel texts.",
    "estimate": "Say what every stage will take: rows, disk, memory, hours.",
    "study": "Ask a question with many experiments, as a file of studies/ says.",
    "link": "Bring files from elsewhere into the project as links.",
    "plan": "Find pairs in the plans, and hand a plan to another trainer.",
    "benchmark": "Score any encoder on a benchmark.",
    "benchmarks": "List the benchmarks that can be scored on.",
    "search": "Search a file of passages with any encoder.",
    "encoders": "List the encoders that have a short name.",
    "merge": "Average the weights of two encoders.",
    "convert": "Write a model with pickled weights again, in safetensors.",
    "compare": "Show the comparison of the scores in this folder again.",
    "track": "Bring MLflow up to date with what DVC holds.",
    "ui": "Open MLflow on the comparison.",
    "clean": "List what was kept and nothing names any more, and remove it.",
    "restore": "Let `dvc repro` find results of this machine that dvc.lock does not name.",
    "experiments": "List the experiments: what they changed, and what they reached.",
    "seeds": "Summarise experiments that differ in their seed.",
}
"""Name and purpose of what `stages/` and `hbir/commands/` hold, a file for each."""


class Commands(click.Group):
    """Import a command when it is used, so that `hbir --help` costs nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the pipeline.

        Args:
            ctx: click's context.

        Returns:
            Stages first, then tools.
        """
        return [*STAGES, *TOOLS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command.

        Args:
            ctx: click's context.
            cmd_name: as typed.

        Returns:
            It, or None when there is none of that name.
        """
        name = cmd_name.replace("-", "_")
        if cmd_name in STAGES:
            require_project()
            place = f"stages.{name}"
        elif cmd_name in TOOLS:
            place = f"hbir.commands.{name}"
        else:
            return None
        with deferred(*OPTIONAL):
            module = importlib.import_module(place)
        command: click.Command = getattr(module, name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed, or name the nearest.

        Args:
            ctx: click's context.
            args: the command's name and its arguments.

        Returns:
            The name, the command and its arguments.
        """
        names = self.list_commands(ctx)
        near = difflib.get_close_matches(args[0], names, n=1) if args[0] not in names else []
        if near:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; stopped, it says so in one line, with the exit code that shells expect.

        Args:
            ctx: click's context.

        Returns:
            What the command returns.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            stopped = error if isinstance(error, Stopped) else Stopped()
            if not stopped.is_said and find_place().is_first:
                click.echo("Stopped. The same command goes on, or begins anew.", err=True)
            sys.exit(128 + stopped.number)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them.

        Args:
            ctx: click's context.
            formatter: where the help goes.
        """
        with formatter.section("Stages (what `dvc repro` calls)"):
            formatter.write_dl(list(STAGES.items()))
        with formatter.section("Tools"):
            formatter.write_dl(list(TOOLS.items()))


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hbir")
def hbir() -> None:
    """Train multilingual dual encoders on batches of chosen language composition, and compare them."""


def main() -> None:
    """Run the command line; a problem that the user can mend becomes one line and exit code 1."""
    tolerate_terminal()
    signal.signal(signal.SIGTERM, end_in_order)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("hbir").setLevel(logging.INFO)
    try:
        hbir()
    except HbirError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


def require_project() -> None:
    """Check that this is a project's folder, whose own `stages/` then comes first on Python's path.

    Raises:
        ParamsError: when it is not.
    """
    here = Path.cwd()
    if not (here / "stages").is_dir() or not (here / "params.yaml").is_file():
        raise ParamsError(
            where=str(here),
            expected="an hbir project (params.yaml and stages/)",
            found="none",
            hint="Stages run in the project's folder: change into it.",
        )
    _require_readable(here)
    if sys.path[0] != str(here):
        sys.path.insert(0, str(here))  # the command `hbir` would find the stages that it was installed with


def _require_readable(folder: Path) -> None:
    """Refuse a folder that libraries in C++, which take every path for UTF-8, would look for elsewhere."""
    name = str(folder)
    if os.fsencode(name) != name.encode("utf-8", "surrogateescape"):
        raise ParamsError(
            where=name,
            expected="a locale of UTF-8, as the folder's name has other letters than those of ASCII",
            found=f"the encoding {sys.getfilesystemencoding()}",
            hint="Set PYTHONUTF8=1, or LC_ALL=C.UTF-8.",
        )
