"""Average the weights of two encoders."""

from pathlib import Path

import click

from hbir.core.errors import ModelError
from hbir.core.files import atomic_folder, require_writable


@click.command()
@click.argument("one")
@click.argument("other")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--weight",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Share of the first model; the second one has the rest.",
)
@click.option("--trust-remote-code", is_flag=True, help="Run code that comes with the models.")
def merge(one: str, other: str, folder: Path, weight: float, trust_remote_code: bool) -> None:
    """Write the average of the weights of the encoders ONE and OTHER to FOLDER; nothing is trained.

    Both are presets, Hub ids or folders, trained from one encoder. For example: `python -m hbir merge models/xx
    models/xy merged --weight 0.25`.
    """
    from hbir.encoding.merge import Part, average
    from hbir.encoding.merged_folder import save_merged
    from hbir.encoding.model import open_encoder, prepare_torch

    if folder.exists() and any(folder.iterdir()):
        raise ModelError(
            where=str(folder), expected="an empty folder", found="one in use", hint="Name another folder."
        )
    require_writable(folder)
    prepare_torch(None)
    first, second = (open_encoder(name, "cpu", trust_remote_code) for name in (one, other))
    merged = average(first, second, weight, (one, other))
    parts = [Part(one, weight), Part(other, 1 - weight)]
    with atomic_folder(folder) as temporary:
        save_merged(merged, temporary, folder.name, parts)
    click.echo(f"merge: {folder} is {weight:g} of {one} and {1 - weight:g} of {other}")
