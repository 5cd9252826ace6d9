"""Offer the `hbir` command: the pipeline's stages and the tools around them, each imported when it is used."""

import difflib
import importlib
import importlib.util
import logging
import sys
from pathlib import Path

import click

from hbir import __version__
from hbir.core.errors import HbirError, ParamsError

STAGES = {
    "collect": "Collect English question-passage pairs.",
    "translate": "Translate the pairs into one language.",
    "build-batches": "Plan every batch of every sampler.",
    "encoder": "Make the encoder that every sampler starts from.",
    "train": "Train one sampler on its plan.",
    "score": "Score one sampler's model on the benchmarks.",
    "evaluate": "Compare the samplers and write the reports.",
}
TOOLS = {
    "benchmark": ("hbir.reporting.benchmark", "Score any encoder on a benchmark."),
    "search": ("hbir.retrieval.command", "Search a file of passages with any encoder."),
    "encoders": ("hbir.reporting.encoders", "List the encoders that have a short name."),
    "convert": ("hbir.reporting.encoders", "Write a model with pickled weights again, in safetensors."),
    "compare": ("hbir.reporting.compare", "Show the comparison of the scores in this folder again."),
    "track": ("hbir.tracking.commands", "Bring MLflow up to date with what DVC holds."),
    "ui": ("hbir.tracking.commands", "Open MLflow on the comparison."),
    "seeds": ("hbir.reporting.seeds", "Summarise experiments that differ in their seed."),
}


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
        attribute = cmd_name.replace("-", "_")
        if cmd_name in STAGES:
            command = getattr(_stage(attribute), attribute)
        elif cmd_name in TOOLS:
            command = getattr(importlib.import_module(TOOLS[cmd_name][0]), attribute)
        else:
            return None
        return command if isinstance(command, click.Command) else None

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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them.

        Args:
            ctx: click's context.
            formatter: where the help goes.
        """
        with formatter.section("Stages (what `dvc repro` calls)"):
            formatter.write_dl(list(STAGES.items()))
        with formatter.section("Tools"):
            formatter.write_dl([(name, text) for name, (_, text) in TOOLS.items()])


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hbir")
def hbir() -> None:
    """Train multilingual dual encoders on batches of chosen language composition, and compare them."""


def main() -> None:
    """Run the command line; a problem that the user can mend becomes one line and exit code 1."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("hbir").setLevel(logging.INFO)
    try:
        hbir()
    except HbirError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


def _stage(name: str) -> object:
    path = _project_root() / "stages" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"stages.{name}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise ParamsError(where=str(path), expected="a stage", found="none", hint="Check out the file again.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _project_root() -> Path:
    here = Path.cwd()
    if not (here / "stages").is_dir() or not (here / "params.yaml").is_file():
        raise ParamsError(
            where=str(here),
            expected="an hbir project (params.yaml and stages/)",
            found="none",
            hint="Stages run in the project's folder: change into it.",
        )
    return here
