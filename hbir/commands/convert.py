"""Write a model with pickled weights again, in safetensors."""

from pathlib import Path

import click


@click.command()
@click.argument("model")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--revision", help="Commit, branch or tag of the Hub.")
def convert(model: str, folder: Path, revision: str | None) -> None:
    """Write MODEL, a preset, Hub id or folder with pickled weights, to FOLDER in safetensors.

    Encoders and translation models alike. Pickles are read as bare numbers: one that holds code is refused.
    """
    from hbir.encoding.convert import convert as write
    from hbir.encoding.model import prepare_torch

    prepare_torch(None)
    source = write(model, folder, revision)
    at = f" at {source.revision}" if source.revision else ""
    click.echo(f"convert: {model}{at} is in {folder}, in safetensors")
