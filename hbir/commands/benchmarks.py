"""List the benchmarks that can be scored on."""

import json
from dataclasses import asdict

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hbir.benchmarks.registry import list_benchmarks


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything that is known, a JSON object by name.")
def benchmarks(as_json: bool) -> None:
    """List the benchmarks that can be scored on, with their licences."""
    known = list_benchmarks()
    if as_json:
        click.echo(json.dumps({about.name: asdict(about) for about in known}, indent=2, ensure_ascii=False))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("name", "asks", "measures", "licence"):
        table.add_column(heading, overflow="fold")
    for about in known:
        table.add_row(*map(escape, (about.name, about.asks, about.measures, about.licence)))
    Console().print(table)
