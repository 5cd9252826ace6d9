"""Bring files from elsewhere into the project as links."""

from pathlib import Path

import click

from hbir.cli import require_project
from hbir.inputs.link import link as make_links


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
def link(source: Path, target: Path) -> None:
    """Bring SOURCE, a file or folder anywhere, into the project as links at TARGET (data/benchmarks/mine)."""
    require_project()
    count = make_links(source.expanduser(), target)
    click.echo(f"{target}: {count} link{'s' * (count != 1)} to {source}; nothing was copied")
