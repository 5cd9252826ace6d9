"""Stage inputs: check params.yaml as a whole, and take the digests of the files that it names."""

import logging

import click

from hbir.core.leftovers import remove_leftovers
from hbir.core.machine import main_root
from hbir.core.params import read_params
from hbir.inputs.check import check, warnings
from hbir.inputs.digests import Digests
from hbir.inputs.named import of_all
from hbir.inputs.write import write_inputs
from hbir.translation.preflight import check_engines
from hbir.translation.selection import select_engines

logger = logging.getLogger(__name__)


@click.command()
def inputs() -> None:
    """Write data/inputs/STAGE.json with the digests of the files that params.yaml names for each stage."""
    params = check(read_params())
    for warning in warnings(params):
        logger.warning("%s", warning)
    remove_leftovers(params.project.languages)
    written = write_inputs(of_all(params), Digests(main_root() / ".hbir" / "digests.json"))
    check_engines(select_engines(params.translate, params.project.languages), params.project.threads)
    count = sum(map(len, written.values()))
    click.echo(f"inputs: params.yaml is whole; files and folders that it names: {count}")
