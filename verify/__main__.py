"""Run `python -m verify`."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from hbir.core.errors import HbirError
from hbir.core.paths import METRICS
from hbir.reporting.git import committed_text, git
from verify.clones import reproduce_all
from verify.differences import compare, first_fault, table
from verify.outputs import environments, lacking, read_metrics
from verify.saved import Found, load, look, save
from verify.scores import compare_scores, score_table
from verify.surroundings import two

ROOT = Path(__file__).parents[1]
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def main() -> None:
    """Show that the same commit gives the same results."""


@main.command()
@click.option(
    "--keep", type=FOLDER, help="Make the clones there, and keep them; by default in a temporary folder."
)
@click.option("--save", "kept", type=FOLDER, help="Write digests and scores there, for another machine.")
@click.option("--against", type=FOLDER, help="Compare with what --save wrote on another machine, too.")
def clones(keep: Path | None, kept: Path | None, against: Path | None) -> None:
    """Reproduce a tiny configuration in two clones of HEAD, and compare every output.

    Exit code 1, and the first file that differs, where one does.
    """
    with _faults(), _folder(keep) as folder:
        there = load(against) if against else None
        commit = git(ROOT, "rev-parse", "HEAD").strip()
        if git(ROOT, "status", "--porcelain").strip():
            click.echo("Changes that are not in Git are left out.")
        surroundings = two(folder / "locales")
        for number, where in enumerate(surroundings, 1):
            click.echo(f"clone {number} of {commit[:7]}: {where}")
        roots = reproduce_all(ROOT, folder, surroundings)
        one, other = (look(root, commit) for root in roots)
        found = compare(one.digests, other.digests)
        click.echo(table(found))
        unknown = [line for root in roots for line in lacking(environments(root))]
        click.echo("\n".join(unknown) or f"Each model's environment is recorded: {_text(one)}")
        if kept:
            save(kept, one)
        fault = first_fault(found) or next(iter(unknown), "")
        if there:
            fault = _elsewhere(one, there) or fault
        _end(fault, "Both clones have the same bytes.")


@main.command()
@click.option("--of", "here", type=FOLDER, default=METRICS, show_default=True, help="A folder of metrics.")
@click.option("--against", type=FOLDER, help="Another; by default what is committed at HEAD.")
def scores(here: Path, against: Path | None) -> None:
    """Compare the scores that `make repro` made here with those of another machine, within tolerances."""
    with _faults():
        there = read_metrics(against) if against else _committed()
        _end(_within(read_metrics(here), there), "All scores are within the tolerances.")


def _elsewhere(here: Found, there: Found) -> str:
    """Compare with another machine: bytes where it is of the same kind, else scores. Return the fault."""
    unlike = here.unlike(there)
    if not unlike and here.commit == there.commit:
        click.echo("The other machine is of the same kind, so its bytes are compared:")
        found = compare(here.digests, there.digests)
        click.echo(table(found))
        return first_fault(found)
    reasons = unlike or [f"commit {here.commit[:7]} and {there.commit[:7]}"]
    click.echo(f"Not the same bytes are expected, but scores within tolerances: {'; '.join(reasons)}.")
    return _within(here.metrics, there.metrics)


def _within(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """Show all scores of two machines, and name the first that is not within its tolerance."""
    found = compare_scores(here, there)
    click.echo(score_table(found))
    return next((f"{one.name} is outside of its tolerance" for one in found if not one.is_within), "")


def _committed() -> dict[str, str]:
    names = git(ROOT, "ls-tree", "--name-only", "HEAD", f"{METRICS}/").split()
    return {Path(name).name: committed_text(ROOT, "HEAD", name) for name in names}


def _text(found: Found) -> str:
    return ", ".join(f"{name} {text}" for name, text in found.environment.items())


def _end(fault: str, well: str) -> None:
    """Say how it ended, and end with exit code 1 where something differs."""
    click.echo(f"Different: {fault}." if fault else well)
    if fault:
        sys.exit(1)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """Give a fresh folder that other users may enter; it goes away at the end, unless it was asked for."""
    if kept:
        if kept.exists() and any(kept.iterdir()):
            raise click.ClickException(f"{kept}: expected a new or an empty folder. Name another, or empty it.")
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="hbir-verify-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def _faults() -> Iterator[None]:
    """Show what a user can mend in one line."""
    try:
        yield
    except HbirError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
