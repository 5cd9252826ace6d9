"""List the encoders that have a short name."""

import json

import click
from rich.console import Console

from hbir.reporting.encoders import presets_as_plain_values, show_presets


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object by name.")
def encoders(as_json: bool) -> None:
    """List the encoders that have a short name."""
    if as_json:
        click.echo(json.dumps(presets_as_plain_values(), indent=2))
    else:
        show_presets(Console())
