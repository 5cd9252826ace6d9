"""Ask questions with many experiments: list, show, run and report the studies of studies/, or apply one."""

import os
import subprocess
from pathlib import Path

import click

from hbir.benchmarks.params import DATA_VARIABLE
from hbir.cli import require_project
from hbir.commands.study_options import form_of, question_options
from hbir.commands.study_report import draw, report
from hbir.core.errors import DataError, ParamsError
from hbir.core.paths import PARAMS
from hbir.encoding.shapes import PEAKS
from hbir.inputs.study import apply_study
from hbir.studies.ask import Question, ask
from hbir.studies.describe import described, overview


@click.group()
def study() -> None:
    """Ask a question with many experiments, as a file of studies/ says; or change params.yaml as it says."""


study.add_command(report)
study.add_command(draw)


@study.command("list")
def list_() -> None:
    """List the studies, what they ask, and how many of their experiments are there."""
    require_project()
    click.echo(overview())


@study.command()
@question_options
@click.option("--baseline", default="HEAD", help="The commit that the experiments start from.")
def show(
    name: str, small: bool, form: str | None, changes: tuple[str, ...], only: tuple[str, ...], baseline: str
) -> None:
    """Show what NAME asks, its experiments, and which of them are there."""
    require_project()
    # The params of another commit are checked by its own code.
    question = Question(name, form_of(small, form), changes, only, baseline)
    click.echo(described(ask(question, checked=baseline == "HEAD")))


@study.command()
@question_options
@click.option(
    "--jobs", type=click.IntRange(min=1), help="Experiments at a time, in place of what the file says."
)
@click.option("--dry-run", "dry", is_flag=True, help="Say what each would cost, and what is lacking.")
@click.option("--gpu", type=click.Choice(list(PEAKS)), default="A100", help="On which costs are estimated.")
def run(
    name: str,
    small: bool,
    form: str | None,
    changes: tuple[str, ...],
    only: tuple[str, ...],
    jobs: int | None,
    dry: bool,
    gpu: str,
) -> None:
    """Make the experiments of NAME that are not there yet.

    Ctrl-C stops it; the next run goes on where it was. Each experiment has a log in .hbir/studies/NAME/.
    """
    from hbir.studies.run import run as run_study

    require_project()
    question = Question(name, form_of(small, form), changes, only)
    if dry:
        from hbir.studies.dry_run import dry_run

        click.echo(dry_run(ask(question, checked=True), gpu))
        return
    refuse_changes("A study starts from a commit.", *_DECIDING)
    asked = ask(question, checked=True)
    asked.refuse_other_params()
    click.echo(asked.summary())
    outcome = run_study(asked.found, asked.baseline, asked.study.name, jobs or asked.study.jobs, click.echo)
    if outcome.failed:
        raise DataError(
            where=f"study {asked.study.name}",
            expected="experiments that run to their end",
            found=f"{len(outcome.failed)} that failed",
            hint=f"See {', '.join(str(log) for log in list(outcome.failed.values())[:3])}.",
        )
    if outcome.left:
        click.echo(f"Stopped: {len(outcome.left)} are left. The same command goes on.")
        raise SystemExit(130)
    click.echo(f"All {len(asked.found)} are there. Next: `python -m hbir study report {asked.arguments}`.")


@study.command("apply")
@click.argument("name")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=f"Folder with the study's files, which are linked into data/; else ${DATA_VARIABLE}.",
)
@click.option("--force", is_flag=True, help="Even if params.yaml has changes that are not in Git.")
def apply_(name: str, data: Path | None, force: bool) -> None:
    """Change params.yaml as studies/NAME.yaml says, which states only what differs."""
    require_project()
    if not force:
        refuse_changes("Or give --force to change the file as it is.")
    if data is None and os.environ.get(DATA_VARIABLE):
        data = Path(os.environ[DATA_VARIABLE])
    changes, linked, absent = apply_study(name, data)
    click.echo("\n".join(f"  {line}" for line in changes) or "  nothing: params.yaml has it all")
    for line in linked:
        click.echo(f"  linked {line}")
    for path in absent:
        click.echo(f"  missing: {path} (put it there, or name its folder with --data)")
    click.echo(f"study {name}: params.yaml is whole. Next: `dvc repro`; back: `git checkout params.yaml`.")


_DECIDING = ("dvc.yaml", "hbir", "stages")
"""What decides an experiment beside params.yaml; DVC takes changes that are not in Git into it."""


def refuse_changes(hint: str, *others: str) -> None:
    """Check that files are as they are in Git; without Git nothing is known to be lost.

    Args:
        hint: what else to do than to commit them.
        *others: files and folders beside params.yaml.

    Raises:
        ParamsError: when one has changes.
    """
    try:
        command = ["git", "status", "--porcelain", "--", str(PARAMS), *others]
        changed = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        return
    if changed:
        raise ParamsError(
            where=" and ".join((str(PARAMS), *(["code"] if others else []))),
            expected="no change that is not in Git",
            found=", ".join(line[3:] for line in changed[:3]),
            hint=f"Commit it (`git commit -a`), or undo it. {hint}",
        )
